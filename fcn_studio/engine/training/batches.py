"""The batches of an epoch, read and augmented ahead of the net."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from torch import Tensor

from fcn_studio.engine.training.augment import augment
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.examples import Examples, Pair
from fcn_studio.engine.training.readers import Readers
from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.seeds import EXAMPLE, epoch_order, generator_of


def training_batches(
    examples: Examples,
    recipe: Recipe,
    *,
    epoch: int,
    first: int,
    world: World,
    readers: Readers,
    repeats: Tensor | None = None,
) -> Generator[list[Pair], None, None]:
    """This process's share of each batch of an epoch, photos in float32 of 0 to 255.

    The order hangs on the seed and the epoch alone, an example's augmentation on its number too: whoever reads it, and
    whenever.

    Args:
        examples: Of the training split.
        recipe: With all stages in epochs.
        epoch: From 0.
        first: Steps of the epoch that are done already.
        world: The processes that share each batch.
        readers: Do the work.
        repeats: How often each example is to come up, see `epoch_order`.

    Raises:
        DataError: A file cannot be read or does not fit.
    """
    stage, steps = recipe.stage_at(epoch), recipe.steps_at(epoch, len(examples))
    order = epoch_order(recipe.seed, epoch, len(examples), repeats)
    shares = [world.share(order[step * stage.batch : (step + 1) * stage.batch]) for step in range(first, steps)]

    def example(index: int) -> Pair:
        photo, marks = examples.read(index)
        chance = generator_of(recipe.seed, EXAMPLE, epoch, index)
        void = examples.labels.void
        return Pair(*augment(photo, marks, recipe=recipe, stage=stage, void=void, generator=chance))

    most = 2 * len(shares[0]) if shares else 0
    with closing(readers.ahead(example, (index for share in shares for index in share), most=most)) as made:
        for share in shares:
            yield [next(made) for _ in share]
