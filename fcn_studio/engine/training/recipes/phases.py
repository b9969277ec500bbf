"""The nets of training from coarse to fine: 32s, then 16s from it, then 8s."""

from __future__ import annotations

from fcn_studio.engine.nets.build import Net, build
from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.recipes.stages import Phase


def phase_net(recipe: Recipe, phase: Phase, num_classes: int, before: Net | None = None) -> Net:
    """The net of a phase; it goes on from the net of the phase before.

    What both have is copied. A new skip's score layer is zero and new upsampling bilinear, so the finer net begins
    with the coarser one's scores, enlarged in one more step. Without `before` all is fresh, from torch's global seed.
    """
    net = build(recipe.architecture(num_classes, phase.variants))
    if before is not None:
        fresh, known = net.state_dict(), before.state_dict()
        net.load_state_dict({key: known.get(key, value) for key, value in fresh.items()})
    return net
