"use strict";

// Everything after the score layers is linear: each layer's part of the last fused grid is computed once, and a
// skip's gain only weighs its part.
(async () => {
  const data = JSON.parse(document.getElementById("trace").textContent);
  const words = data.words;
  const [photoHeight, photoWidth] = data.photo;
  const [height, width] = data.page;
  const classes = data.classes.length;
  const byId = (id) => document.getElementById(id);
  // The photo's row (column) that a row (column) of the page shows; the masks were sampled by the same rule.
  const sampled = (index, page, photo) => Math.floor(((2 * index + 1) * photo) / (2 * page));

  const bytes = async (packed) => {
    const binary = atob(packed);
    const compressed = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  };

  const fromHalf = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  };

  // A packed array as { values, shape }; a browser's typed arrays are little-endian on every machine that has one.
  const unpacked = async ({ type, shape, data: packed }) => {
    const buffer = await bytes(packed);
    const values = type === "f2" ? Float32Array.from(new Uint16Array(buffer), fromHalf) : new Float32Array(buffer);
    return { values, shape };
  };

  const unpackedGrid = async (packed) => {
    const { values, shape } = await unpacked(packed);
    return { values, height: shape[1], width: shape[2] };
  };

  const unpackedStep = async (step) => {
    const kernel = step.weight ? await unpacked(step.weight) : null;
    return {
      ...step,
      weight: kernel && kernel.values,
      perClass: kernel && kernel.shape[1] === 1 && kernel.shape[0] !== 1,
    };
  };

  // The cells that reach a position of the enlarged grid, each with its place in the kernel.
  const taps = (position, step, size) => {
    const found = [];
    for (let cell = Math.floor(position / step.stride); ; cell -= 1) {
      const place = position - cell * step.stride;
      if (place >= step.kernel) return found;
      if (cell >= 0 && cell < size) found.push([cell, place]);
    }
  };

  // One row of an unpadded transposed convolution at the given columns, into `out`: class after class.
  const enlargedRow = (grid, step, row, columnTaps, out) => {
    const { values, height: rows, width: columns } = grid;
    const count = columnTaps.length;
    out.fill(0);
    const rowTaps = taps(row, step, rows);
    if (!step.weight) {
      const line = new Float32Array(columns);
      for (let c = 0; c < classes; c += 1) {
        line.fill(0);
        for (const [cell, place] of rowTaps) {
          const weight = step.line[place];
          const start = (c * rows + cell) * columns;
          for (let x = 0; x < columns; x += 1) line[x] += weight * values[start + x];
        }
        for (let k = 0; k < count; k += 1) {
          let sum = 0;
          for (const [cell, place] of columnTaps[k]) sum += step.line[place] * line[cell];
          out[c * count + k] = sum;
        }
      }
      return;
    }
    const { weight, kernel, perClass } = step;
    const area = kernel * kernel;
    for (const [cellY, placeY] of rowTaps) {
      for (let k = 0; k < count; k += 1) {
        for (const [cellX, placeX] of columnTaps[k]) {
          const place = placeY * kernel + placeX;
          for (let from = 0; from < classes; from += 1) {
            const value = values[(from * rows + cellY) * columns + cellX];
            if (perClass) {
              out[from * count + k] += weight[from * area + place] * value;
            } else {
              for (let to = 0; to < classes; to += 1) {
                out[to * count + k] += weight[(from * classes + to) * area + place] * value;
              }
            }
          }
        }
      }
    }
  };

  const cut = (grid, first, rows, columns) => {
    const values = new Float32Array(classes * rows * columns);
    for (let c = 0; c < classes; c += 1) {
      for (let y = 0; y < rows; y += 1) {
        const start = (c * grid.height + first + y) * grid.width + first;
        values.set(grid.values.subarray(start, start + columns), (c * rows + y) * columns);
      }
    }
    return { values, height: rows, width: columns };
  };

  const enlarged = (grid, step) => {
    const [rows, columns] = step.size;
    const values = new Float32Array(classes * rows * columns);
    const columnTaps = Array.from({ length: columns }, (_, x) => taps(x + step.crop, step, grid.width));
    const out = new Float32Array(classes * columns);
    for (let y = 0; y < rows; y += 1) {
      enlargedRow(grid, step, y + step.crop, columnTaps, out);
      for (let c = 0; c < classes; c += 1) {
        values.set(out.subarray(c * columns, (c + 1) * columns), (c * rows + y) * columns);
      }
    }
    return { values, height: rows, width: columns };
  };

  const partsOf = async (chain) => {
    let parts = [{ layer: chain.layer, grid: await unpackedGrid(chain.coarse) }];
    for (const packed of chain.steps) {
      const step = await unpackedStep(packed);
      const skip = await unpackedGrid(packed.skip);
      parts = parts.map(({ layer, grid }) => ({ layer, grid: enlarged(grid, step) }));
      parts.push({ layer: packed.layer, grid: cut(skip, packed.skip_crop, ...packed.size) });
    }
    return parts;
  };

  const fused = (parts, gains) => {
    const { height: rows, width: columns } = parts[0].grid;
    const values = new Float32Array(classes * rows * columns);
    for (const { layer, grid } of parts) {
      const gain = gains[layer] ?? 1;
      for (let k = 0; k < values.length; k += 1) values[k] += gain * grid.values[k];
    }
    return { values, height: rows, width: columns };
  };

  const winners = (scores, count, mask, start) => {
    for (let k = 0; k < count; k += 1) {
      let best = 0;
      for (let c = 1; c < classes; c += 1) if (scores[c * count + k] > scores[best * count + k]) best = c;
      mask[start + k] = best;
    }
  };

  const ready = async () => {
    const parts = await partsOf(data.chain);
    const last = await unpackedStep(data.chain.last);
    const layers = parts.map((part) => part.layer);
    const gridWidth = parts[0].grid.width;
    const allTaps = Array.from({ length: width }, (_, x) =>
      taps(sampled(x, width, photoWidth) + last.crop, last, gridWidth),
    );
    const row = new Float32Array(classes * width);

    const mask = (gains) => {
      const found = new Uint8Array(width * height);
      const grid = fused(parts, gains);
      for (let y = 0; y < height; y += 1) {
        enlargedRow(grid, last, sampled(y, height, photoHeight) + last.crop, allTaps, row);
        winners(row, width, found, y * width);
      }
      return found;
    };

    // Scores and each layer's part of them at a pixel of the page.
    const probe = (x, y, gains) => {
      const parted = parts.map(({ layer, grid }) => {
        const out = new Float32Array(classes);
        enlargedRow(grid, last, sampled(y, height, photoHeight) + last.crop, [allTaps[x]], out);
        return out.map((value) => value * (gains[layer] ?? 1));
      });
      const scores = Array.from({ length: classes }, (_, c) => parted.reduce((sum, part) => sum + part[c], 0));
      const highest = Math.max(...scores);
      const powers = scores.map((score) => Math.exp(score - highest));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const shares = Object.fromEntries(layers.map((layer, k) => [layer, Array.from(parted[k])]));
      return { scores, probabilities: powers.map((power) => power / total), shares };
    };

    const masks = {};
    for (const [variant, packed] of Object.entries(data.masks)) masks[variant] = new Uint8Array(await bytes(packed));
    return { layers, mask, probe, masks };
  };

  let net;
  try {
    net = await ready();
  } catch (error) {
    byId("failure").hidden = false;
    throw error;
  }

  // The view.

  const skips = net.layers.slice(1);
  const MIX = "mix";
  const finest = data.variants[data.variants.length - 1];
  const gains = () => Object.fromEntries(skips.map((layer) => [layer, Number(byId(layer).value)]));
  const masks = { ...net.masks };
  const names = { photo: words.photo };
  for (const variant of data.variants) names[variant] = `FCN-${variant}`;
  if (skips.length) {
    names[MIX] = words.mix;
    masks[MIX] = masks[finest];
  }

  const colours = new Uint32Array(256);
  const view = new DataView(colours.buffer);
  data.colours.forEach(([red, green, blue], index) => {
    if (index !== data.background) view.setUint32(4 * index, ((red << 24) | (green << 16) | (blue << 8) | 255) >>> 0);
  });

  const paint = (side) => {
    const choice = byId(side).value;
    const canvas = byId(`${side}-mask`);
    canvas.hidden = choice === "photo";
    byId(`${side}-name`).textContent = names[choice];
    if (canvas.hidden) return;
    const picture = new ImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    masks[choice].forEach((index, k) => (pixels[k] = colours[index]));
    canvas.getContext("2d").putImageData(picture, 0, 0);
  };

  const sides = ["left", "right"];
  for (const side of sides) {
    for (const [value, name] of Object.entries(names)) byId(side).append(new Option(name, value));
    byId(side).addEventListener("change", () => paint(side));
  }
  byId("left").value = data.variants.length > 1 ? data.variants[0] : "photo";
  byId("right").value = finest;

  const stage = byId("stage");
  const divider = byId("divider");
  const divide = (percent) => {
    const at = Math.min(100, Math.max(0, percent));
    stage.style.setProperty("--at", `${at}%`);
    divider.setAttribute("aria-valuenow", String(Math.round(at)));
    divider.setAttribute("aria-valuetext", `${Math.round(at)} %`);
    return at;
  };
  let at = divide(50);
  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    event.stopPropagation();
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) at = divide(100 * place(event)[0]);
  });
  divider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
    if (!(event.key in step)) return;
    event.preventDefault();
    event.stopPropagation();
    at = divide(at + step[event.key]);
  });

  const opacity = () => {
    stage.style.setProperty("--opacity", String(byId("opacity").value / 100));
    byId("opacity-value").textContent = `${byId("opacity").value} %`;
  };
  byId("opacity").addEventListener("input", opacity);

  let point = null;
  const element = (tag, className, text = "") => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  };
  const swatch = (index) => {
    const made = element("span", "swatch");
    made.style.background = `rgb(${data.colours[index].join(" ")})`;
    return made;
  };
  const named = (index, className = "name") => {
    const made = element("span", className);
    made.append(swatch(index), data.classes[index]);
    return made;
  };
  const bar = (left, length, className = "") => {
    const track = element("span", "track");
    const filled = element("i", className);
    filled.style.left = `${left}%`;
    filled.style.width = `${length}%`;
    track.append(filled);
    return track;
  };
  const signed = (value) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(2);

  const read = () => {
    if (!point) return;
    const [x, y] = point;
    const { scores, probabilities, shares } = net.probe(x, y, gains());
    const order = scores.map((_, c) => c).sort((a, b) => scores[b] - scores[a] || a - b);
    const winner = order[0];
    byId("hint").hidden = true;
    byId("reading").hidden = false;
    byId("cross").hidden = false;
    byId("cross").style.left = `${(100 * (x + 0.5)) / width}%`;
    byId("cross").style.top = `${(100 * (y + 0.5)) / height}%`;
    byId("place").textContent =
      `${words.pixel} x ${sampled(x, width, photoWidth)}, y ${sampled(y, height, photoHeight)}`;
    const rows = Object.keys(masks).map((choice) => {
      const line = document.createElement("tr");
      const head = element("th", "", names[choice]);
      head.scope = "row";
      const cell = document.createElement("td");
      cell.append(named(choice === MIX ? winner : masks[choice][y * width + x]));
      line.append(head, cell);
      return line;
    });
    byId("by-variant").replaceChildren(...rows);
    byId("top-heading").textContent = `${words.probability}: ${skips.length ? names[MIX] : names[finest]}`;
    byId("top").replaceChildren(
      ...order.slice(0, 3).flatMap((c) => [
        named(c),
        bar(0, 100 * probabilities[c]),
        element("span", "value", `${(100 * probabilities[c]).toFixed(1)} %`),
      ]),
    );
    byId("split-heading").textContent = `${words.split}: ${data.classes[winner]}`;
    const entries = [...net.layers.map((layer) => [layer, shares[layer][winner], ""]), [words.sum, scores[winner], " total"]];
    const most = Math.max(...entries.map(([, value]) => Math.abs(value)), 1e-9);
    byId("split").replaceChildren(
      ...entries.flatMap(([name, value, className]) => {
        const length = (50 * Math.abs(value)) / most;
        return [
          element("span", `name${className}`, name),
          bar(value < 0 ? 50 - length : 50, length, value < 0 ? "minus" : ""),
          element("span", `value${className}`, signed(value)),
        ];
      }),
    );
  };
  const tell = () => {
    byId("spoken").textContent = `${byId("place").textContent}. ${data.variants
      .map((variant) => `${names[variant]}: ${data.classes[masks[variant][point[1] * width + point[0]]]}`)
      .join(", ")}`;
  };
  const probeAt = (x, y) => {
    point = [Math.min(width - 1, Math.max(0, Math.floor(x))), Math.min(height - 1, Math.max(0, Math.floor(y)))];
    read();
  };
  const probeUnder = (event) => {
    const [x, y] = place(event);
    if (x >= 0 && x < 1 && y >= 0 && y < 1) probeAt(x * width, y * height);
  };
  stage.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse" && !divider.hasPointerCapture(event.pointerId)) probeUnder(event);
  });
  stage.addEventListener("click", (event) => {
    if (!divider.contains(event.target)) probeUnder(event);
  });
  stage.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step || event.target !== stage) return;
    event.preventDefault();
    const [x, y] = point ?? [Math.floor(width / 2), Math.floor(height / 2)];
    const length = event.shiftKey ? 10 : 1;
    probeAt(x + length * step[0], y + length * step[1]);
    tell();
  });

  // A new mask takes a tenth of a second for the largest page: once for each drawn frame, not for each event.
  let waiting = false;
  const mixed = () => {
    waiting = false;
    masks[MIX] = net.mask(gains());
    for (const side of sides) if (byId(side).value === MIX) paint(side);
    const counts = new Float64Array(256);
    for (const index of masks[MIX]) counts[index] += 1;
    data.classes.forEach((_, index) => {
      byId(`mix-${index}`).textContent = ((100 * counts[index]) / masks[MIX].length).toFixed(1);
    });
    read();
  };
  const showGains = () => {
    for (const layer of skips) byId(`${layer}-value`).textContent = `${Number(byId(layer).value).toFixed(2)}`;
    if (!waiting) requestAnimationFrame(mixed);
    waiting = true;
  };
  for (const layer of skips) {
    byId(layer).addEventListener("input", () => {
      if (!sides.some((side) => byId(side).value === MIX)) {
        byId("right").value = MIX;
        paint("right");
      }
      showGains();
    });
  }
  if (skips.length) {
    byId("reset").addEventListener("click", () => {
      for (const layer of skips) byId(layer).value = "1";
      showGains();
    });
    showGains();
  }
  opacity();
  sides.forEach(paint);

  window.fcnTrace = { layers: net.layers, masks: net.masks, mask: net.mask, probe: net.probe };

  // `#report=x,y` writes the masks of all-one, first-skip-only and no-skip gains, and the probe at a pixel of the page.
  const asked = /^#report=(\d+),(\d+)$/.exec(location.hash);
  if (asked) {
    const [x, y] = [Number(asked[1]), Number(asked[2])];
    const reported = {};
    for (let used = 0; used <= skips.length; used += 1) {
      const chosen = Object.fromEntries(skips.map((layer, k) => [layer, k < used ? 1 : 0]));
      reported[used] = Array.from(net.mask(chosen)).join(" ");
    }
    const kept = Object.fromEntries(Object.entries(net.masks).map(([variant, mask]) => [variant, Array.from(mask).join(" ")]));
    probeAt(x, y);
    byId("report").textContent = JSON.stringify({ mixes: reported, masks: kept, probe: net.probe(x, y, {}) });
  }
})();
