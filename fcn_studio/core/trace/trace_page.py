"""A trace as one self-contained HTML page: masks to swipe, skip gains to move, and a probe, in any browser, offline."""

from __future__ import annotations

import base64
import html
import io
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio import paths
from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.figures.pictures import OPACITY
from fcn_studio.core.files import whole_file
from fcn_studio.core.graph.fusion import Scores, Upsampling
from fcn_studio.core.graph.graph import Graph
from fcn_studio.core.labels import LabelSet, counted_classes
from fcn_studio.core.trace.trace import Trace

MAX_SIDE = 1200  # pixels; a larger photo is shown smaller
MAX_FULL = 4_000_000  # scores kept in float32, 16 MB before compression; more are kept in float16
MAX_SCORES = 40_000_000  # of all score maps together; browsers grow slow with pages over 100 MB
MAX_HALF = 60_000.0  # float16 ends at 65504

# Fixed words of the page; {braces} are filled in with the trace's own figures.
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "{variants}: one photo, one trunk pass",
            "lead": "The coarse prediction and what each skip connection adds, from the score maps of one pass.",
            "noscript": "This page needs JavaScript: the masks are computed in the browser from the score maps.",
            "failure": "This browser could not read the score maps; open the page in a newer one.",
            "view": "Photo and masks",
            "left": "Left",
            "right": "Right",
            "stage": "Photo with masks; the arrow keys move the probe by one pixel, with Shift by ten",
            "alt": "Photo of {width} by {height} pixels; largest classes in {finest}: {classes}",
            "divider": "Divider between left and right",
            "gain": "{layer} gain",
            "reset": "Reset to 1",
            "opacity": "Mask opacity",
            "probe": "Probe",
            "hint": "Point at or tap a pixel, or focus the photo and use the arrow keys.",
            "split_note": "Exact: after the score layers everything is linear, so the parts sum to the class's score.",
            "legend": "Classes and shares of pixels, in %",
            "class": "Class",
            "mix_column": "Own gains",
            "photo": "Photo",
            "mix": "{finest}, own gains",
            "pixel": "Pixel",
            "probability": "Probability",
            "split": "Score split",
            "sum": "sum",
            "made_by": "Checkpoint {checkpoint} ({digest}), {layout}, trunk in {precision} on "
            "{device_name}, photo of {width} x {height} px ({size_policy}), FCN Studio {version}.",
            "exits": "{others} and {finest} are exits of one checkpoint, taken from one trunk pass.",
            "shrunk": "Photo and masks are shown at {page_width} x {page_height} px; every mask pixel is one of the "
            "photo's own pixels, and the shares of the variants count all of them.",
            "half": "The score maps are kept in half precision here, so that the page stays small.",
        },
        "ko": {
            "title": "{variants}: 사진 한 장, 트렁크 한 번 통과",
            "lead": "거친 예측에 각 스킵 연결이 무엇을 더하는지, 한 번의 통과에서 얻은 점수 맵으로 보여 줍니다.",
            "noscript": "이 페이지에는 JavaScript가 필요합니다. 마스크를 점수 맵에서 브라우저가 계산합니다.",
            "failure": "이 브라우저에서 점수 맵을 읽지 못했습니다. 더 새로운 브라우저로 여세요.",
            "view": "사진과 마스크",
            "left": "왼쪽",
            "right": "오른쪽",
            "stage": "마스크를 얹은 사진. 화살표 키로 탐침을 한 픽셀씩, Shift와 함께 열 픽셀씩 옮깁니다",
            "alt": "{width} x {height} 픽셀 사진. {finest}에서 가장 넓은 클래스: {classes}",
            "divider": "왼쪽과 오른쪽의 경계",
            "gain": "{layer} 이득",
            "reset": "1로 되돌리기",
            "opacity": "마스크 불투명도",
            "probe": "탐침",
            "hint": "픽셀을 가리키거나 누르세요. 사진에 초점을 두고 화살표 키를 써도 됩니다.",
            "split_note": "점수 층 뒤는 모두 선형이므로 각 부분의 합이 클래스의 점수와 정확히 같습니다.",
            "legend": "클래스와 픽셀 비율(%)",
            "class": "클래스",
            "mix_column": "직접 정한 이득",
            "photo": "사진",
            "mix": "{finest}, 직접 정한 이득",
            "pixel": "픽셀",
            "probability": "확률",
            "split": "점수의 구성",
            "sum": "합",
            "made_by": "체크포인트 {checkpoint} ({digest}), {alignment} 정렬, 트렁크 {precision}, {device_name}, "
            "사진 {width} x {height} px ({size_policy}), FCN Studio {version}.",
            "exits": "{others}, {finest}: 한 체크포인트의 출력들이며, 트렁크를 한 번 통과해 얻었습니다.",
            "shrunk": "사진과 마스크는 {page_width} x {page_height} px로 보입니다. 마스크의 각 픽셀은 사진의 픽셀 "
            "하나이며, 변형의 비율은 사진의 모든 픽셀을 셉니다.",
            "half": "페이지를 작게 하려고 점수 맵을 반정밀도로 담았습니다.",
        },
    }
)


def save_page(
    trace: Trace, path: Path, *, labels: LabelSet | None = None, title: str = "", language: str = "en"
) -> None:
    """Writes the page, whole or not at all. It asks for nothing outside itself.

    The photo's longest side is at most MAX_SIDE pixels on the page; a pixel of the page shows the class of one pixel
    of the photo, at ((2 i + 1) n) // (2 m) for pixel i of m along a side of n.

    Args:
        trace: What to show.
        path: The file, by custom with the ending `.html`; replaced if it is there.
        labels: The trace's classes in other colours; None takes the trace's own.
        title: The heading; empty for one that names the variants.
        language: Of the fixed words: one of WORDS.

    Raises:
        OutputError: The file cannot be written, or the photo is too large for a page.
        DataError: `labels` has another number of classes, or the net does not fuse scores.
        ValueError: No such language.
    """
    if language not in WORDS:
        raise ValueError(f"no language {language!r}; there are {', '.join(WORDS)}")
    labels = trace.labels if labels is None else labels
    if len(labels) != len(trace.labels):
        raise DataError(
            f"Label set {labels.name!r} has {counted_classes(len(labels))}, but the trace has {len(trace.labels)}."
        )
    if not trace.fuses_scores:
        raise DataError(
            f"{trace.title(trace.variants[0])} does not fuse scores, which is what a page shows; save the trace as "
            ".fcntrace, or the view as a picture."
        )
    scores = sum(score_map.evidence.size for score_map in trace.score_maps.values())
    if scores > MAX_SCORES:
        height, width = trace.size
        raise OutputError(f"{path}: a photo of {width}x{height} is too large for a page; make it smaller first.")
    text = _page(trace, labels, title, language)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _page(trace: Trace, labels: LabelSet, title: str, language: str) -> str:
    words = WORDS[language]
    folder = paths.resources() / "page"
    markup, css, script = ((folder / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    height, width = trace.size
    shrink = min(1.0, MAX_SIDE / max(height, width))
    size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
    chain = _chain(trace)
    facts = _facts(trace, labels, size)
    skips = [step["layer"] for step in chain["steps"]]
    chosen = ("photo", "mix", "pixel", "probability", "split", "sum")
    data = {
        "photo": trace.size,
        "page": size,
        "classes": labels.classes,
        "colours": labels.colours,
        "background": labels.background,
        "variants": trace.variants,
        "masks": {variant: _packed_bytes(_sampled(trace.mask(variant), size)) for variant in trace.variants},
        "chain": chain,
        "words": {key: words[key].format_map(facts) for key in chosen},
    }
    plain = ("lead", "noscript", "failure", "view", "left", "right", "stage", "divider", "opacity", "probe", "hint")
    return Template(markup).substitute(
        {key: html.escape(words[key]) for key in (*plain, "split_note", "legend")},
        language=language,
        version=html.escape(trace.provenance.version),
        title=html.escape(title or words["title"].format_map(facts)),
        alt=html.escape(words["alt"].format_map(facts)),
        width=size[1],
        height=size[0],
        photo=_photo(trace.image, size),
        css=css,
        script=script,
        opacity_percent=round(OPACITY * 100),
        sliders=_sliders(trace.graph, skips, words),
        class_column=html.escape(words["class"]),
        variant_columns=_header_cells(trace, words, mix=bool(skips)),
        legend_rows=_legend_rows(trace, labels, mix=bool(skips)),
        caption=_caption(trace, words, facts, shrunk=size != trace.size, half=chain["coarse"]["type"] == "f2"),
        data=_json_in_html(data),
    )


def _json_in_html(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element it stands in, nor open a comment there."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _facts(trace: Trace, labels: LabelSet, size: tuple[int, int]) -> dict[str, Any]:
    made_by = trace.provenance
    names = [trace.title(variant) for variant in trace.variants]
    shares = trace.class_shares(trace.variants[-1])
    largest = [int(index) for index in np.argsort(-shares, kind="stable")[:3] if shares[index] > 0]
    return {
        "variants": ", ".join(names),
        "finest": names[-1],
        "others": ", ".join(names[:-1]),
        "classes": ", ".join(f"{labels.classes[index]} {100 * shares[index]:.0f} %" for index in largest),
        "height": trace.size[0],
        "width": trace.size[1],
        "page_height": size[0],
        "page_width": size[1],
        "checkpoint": made_by.checkpoint,
        "digest": made_by.digest[:8],
        "layout": made_by.layout,
        "alignment": made_by.alignment,
        "precision": made_by.arithmetic,
        "device_name": made_by.device_name,
        "size_policy": made_by.size_policy,
        "version": made_by.version,
    }


def _photo(image: NDArray[np.uint8], size: tuple[int, int]) -> str:
    picture = Image.fromarray(image)
    if picture.size != size[::-1]:
        picture = picture.resize(size[::-1], Image.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _sampled(mask: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    rows, columns = ((2 * np.arange(m) + 1) * n // (2 * m) for n, m in zip(mask.shape, size, strict=True))
    return mask[np.ix_(rows, columns)]


def _packed_bytes(array: NDArray[Any]) -> str:
    """The bytes as a zlib stream in base64; browsers call the format `deflate`."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 6)).decode("ascii")


def _packed(array: NDArray[np.float32], kind: str = "f4") -> dict[str, Any]:
    return {"type": kind, "shape": array.shape, "data": _packed_bytes(array.astype(f"<{kind}"))}


def _chain(trace: Trace) -> dict[str, Any]:
    """The fusion of the finest variant as the page's script computes it: score maps, kernels, crops and sizes."""
    graph, sizes = trace.graph, trace.grid_sizes
    last = graph.exit(trace.variants[-1])
    coarsest, *skips = graph.layers_in(last.node)
    scores: dict[str, Scores] = {layer: trace.node(layer) for layer in (coarsest, *skips)}
    few = sum(array.size for array in scores.values()) <= MAX_FULL
    largest = max(float(np.abs(array).max()) for array in scores.values())
    kind = "f4" if few or largest > MAX_HALF else "f2"
    chained = []
    for layer in skips:
        step = graph.skip_step(layer)
        chained.append(
            {
                "layer": layer,
                "skip": _packed(scores[layer], kind),
                "skip_crop": step.skip_crop,
                "crop": step.crop,
                "size": sizes[graph.sum_of(layer)],
                **_step(trace.upsamplings[step.by.layer]),
            }
        )
    return {
        "layer": coarsest,
        "coarse": _packed(scores[coarsest], kind),
        "steps": chained,
        "last": {"crop": last.crop, **_step(trace.upsamplings[last.by.layer])},
    }


def _step(upsampling: Upsampling) -> dict[str, Any]:
    found: dict[str, Any] = {"stride": upsampling.stride, "kernel": upsampling.kernel}
    if upsampling.weight is not None:
        return found | {"weight": _packed(upsampling.weight)}
    # What a single cell becomes is the kernel; it is the product of a line with itself, so each sum is a multiple.
    kernel = upsampling.full(np.ones((1, 1, 1), np.float32))[0].astype(np.float64)
    return found | {"line": (kernel.sum(axis=0) / np.sqrt(kernel.sum())).tolist()}


def _sliders(graph: Graph, skips: list[str], words: Mapping[str, str]) -> str:
    """A slider for each skip the net has, and what they weigh."""
    if not skips:
        return ""
    lines = []
    for layer in skips:
        name = html.escape(words["gain"].format(layer=layer))
        lines.append(
            f'<label class="slider"><span>{name}</span><input type="range" id="{layer}" min="0" max="2" step="0.05" '
            f'value="1"><output for="{layer}" id="{layer}-value">1.00</output></label>'
        )
    formula = graph.layers[0]
    for layer in skips:
        formula = f"{graph.skip_step(layer).by.layer}({formula}) + g{layer[-1]} · {layer}"
    reset = html.escape(words["reset"])
    lines.append(f'<div class="formula"><code>{formula}</code><button type="button" id="reset">{reset}</button></div>')
    return "\n".join(lines)


def _header_cells(trace: Trace, words: Mapping[str, str], *, mix: bool) -> str:
    names = [trace.title(variant) for variant in trace.variants] + ([words["mix_column"]] if mix else [])
    return "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)


def _legend_rows(trace: Trace, labels: LabelSet, *, mix: bool) -> str:
    shares = [trace.class_shares(variant) for variant in trace.variants]
    rows = []
    for index in np.argsort(-shares[-1], kind="stable").tolist():
        red, green, blue = labels.colours[index]
        cells = "".join(f"<td>{100 * share[index]:.1f}</td>" for share in shares)
        own = f'<td id="mix-{index}"></td>' if mix else ""
        swatch = f'<span class="swatch" style="background: rgb({red} {green} {blue})"></span>'
        rows.append(f'<tr><th scope="row">{swatch}{html.escape(labels.classes[index])}</th>{cells}{own}</tr>')
    return "\n".join(rows)


def _caption(trace: Trace, words: Mapping[str, str], facts: Mapping[str, Any], *, shrunk: bool, half: bool) -> str:
    lines = [words["made_by"].format_map(facts)]
    if len(trace.variants) > 1:
        lines.append(words["exits"].format_map(facts))
    if shrunk:
        lines.append(words["shrunk"].format_map(facts))
    if half:
        lines.append(words["half"])
    lines += filter(None, (trace.provenance.reading, trace.provenance.note))
    return "\n".join(f"<p>{html.escape(line)}</p>" for line in lines)
