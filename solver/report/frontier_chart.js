"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("chart-data").textContent);
  const { axes, x: xs, y: ys, group, groups, facts } = data;
  const count = xs.length;
  const [host, plot, tip] = [byId("chart"), byId("plot"), byId("tip")];
  const [slider, told] = [byId("walk-slider"), byId("walk-facts")];

  const number = (value, digits = 5) =>
    value.toLocaleString("en-US", { maximumSignificantDigits: digits });
  const withUnit = (axis, value) => axis.unit.startsWith("US$")
    ? "US$" + number(value) + axis.unit.slice(3) : (number(value) + " " + axis.unit).trim();
  const starOf = new Map();
  for (const { index, title } of data.stars) {
    starOf.set(index, starOf.has(index) ? starOf.get(index) + ", " + title : title);
  }

  // What is known of one point, as pairs of name and text.
  const capital = (text) => text[0].toUpperCase() + text.slice(1);
  const describe = (index) => [
    [capital(axes.x.name), withUnit(axes.x, xs[index])],
    [capital(axes.y.name), withUnit(axes.y, ys[index])],
    ...facts.map((fact) => [fact.name, fact.texts[fact.of ? fact.of[index] : index]]),
  ].filter(([, text]) => text);
  const list = (holder, pairs) => holder.replaceChildren(...pairs.map(([name, value]) => {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = name;
    detail.textContent = value;
    row.append(term, detail);
    return row;
  }));

  // The slider runs against the order of the points, as the axis does. On long frontiers a step of
  // it is a step along the curve, not one of one point: most points may crowd at one end.
  const along = [0];
  const part = (column, index) => {
    const scale = (value) => (Math.min(...ends(column)) > 0 ? Math.log(value) : value);
    const width = Math.abs(scale(column[count - 1]) - scale(column[0]));
    return width > 0 ? Math.abs(scale(column[index]) - scale(column[index - 1])) / width : 0;
  };
  const ends = (column) => [column[0], column[count - 1]];
  for (let index = 1; index < count; index += 1) {
    along.push(along[index - 1] + part(xs, index) + part(ys, index));
  }
  const whole = along[count - 1] || 1;
  const steps = count <= 200 ? count - 1 : 1000;
  slider.max = String(steps);
  const selected = () => {
    const value = steps - Number(slider.value);
    if (steps === count - 1) return value;
    const target = (value / steps) * whole;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (along[middle] < target) low = middle + 1; else high = middle;
    }
    return low > 0 && target - along[low - 1] <= along[low] - target ? low - 1 : low;
  };
  const slideTo = (index) => {
    const place = steps === count - 1 ? index : Math.round((along[index] / whole) * steps);
    slider.value = String(steps - place);
  };
  let current = 0;
  const choose = (index) => {
    current = index;
    const pairs = describe(index);
    list(told, starOf.has(index) ? [["★", starOf.get(index)], ...pairs] : pairs);
    slider.setAttribute("aria-valuetext", pairs.slice(0, 2).map(([, value]) => value).join(", "));
  };

  // Axes.
  let view = { x: [...axes.x.range], y: [...axes.y.range] };
  const margin = { left: 66, right: 16, top: 30, bottom: 52 };
  let [wide, tall] = [0, 0];
  const size = (side) => side === "x" ? wide - margin.left - margin.right : tall - margin.top - margin.bottom;
  const scaled = (side, value) => (axes[side].log ? Math.log(value) : value);
  const share = (side, value) => {
    const [low, high] = view[side].map((end) => scaled(side, end));
    return (scaled(side, value) - low) / (high - low);
  };
  const px = (value) => margin.left + share("x", value) * size("x");
  const py = (value) => tall - margin.bottom - share("y", value) * size("y");
  const valueAt = (side, part) => {
    const [low, high] = view[side].map((end) => scaled(side, end));
    const value = low + part * (high - low);
    return axes[side].log ? Math.exp(value) : value;
  };
  const ticks = (side, most) => {
    const [low, high] = view[side];
    const found = [];
    if (axes[side].log && high / low > 3) {
      const kept = high / low > 2000 ? [1] : [1, 2, 5];
      for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
        for (const step of kept) {
          const value = Number((step * 10 ** power).toPrecision(2));
          if (value >= low && value <= high) found.push(value);
        }
      }
      return found;
    }
    const raw = (high - low) / most;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].find((k) => k * unit >= raw) * unit;
    for (let k = Math.ceil(low / step); k * step <= high; k += 1) found.push(Number((k * step).toPrecision(12)));
    return found;
  };

  // Drawing. Colours are written out, not named, so that a saved picture keeps them.
  const space = "http://www.w3.org/2000/svg";
  const shape = (parent, name, attributes, text) => {
    const element = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  };
  const cut = (value) => Math.round(value * 10) / 10;
  const outlines = {
    circle: (x, y, r) => `M${cut(x - r)} ${cut(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    square: (x, y, r) => `M${cut(x - r)} ${cut(y - r)}h${2 * r}v${2 * r}h${-2 * r}z`,
    "triangle-up": (x, y, r) => `M${cut(x)} ${cut(y - 1.3 * r)}l${1.3 * r} ${2.2 * r}h${-2.6 * r}z`,
    diamond: (x, y, r) => `M${cut(x)} ${cut(y - 1.4 * r)}l${1.4 * r} ${1.4 * r}l${-1.4 * r} ${1.4 * r}l${-1.4 * r} ${-1.4 * r}z`,
    x: (x, y, r) => `M${cut(x - r)} ${cut(y - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
  };
  const starAt = (x, y, far) => Array.from({ length: 10 }, (_, k) => {
    const [reach, turn] = [k % 2 ? far * 0.42 : far, (k * Math.PI) / 5 - Math.PI / 2];
    return (k ? "L" : "M") + cut(x + reach * Math.cos(turn)) + " " + cut(y + reach * Math.sin(turn));
  }).join("") + "z";
  const stairs = (line) => line.x.map((value, k) => {
    const [a, b] = [cut(px(value)), cut(py(line.y[k]))];
    return k ? `H${a}V${b}` : `M${a} ${b}`;
  }).join("");

  let svg = null;
  let ring = null;
  const moveRing = () => {
    ring.setAttribute("cx", cut(px(xs[current])));
    ring.setAttribute("cy", cut(py(ys[current])));
  };
  const draw = () => {
    [wide, tall] = [plot.clientWidth, plot.clientHeight];
    if (!wide) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const [ink, soft, rule, ground] = ["--ink", "--soft", "--rule", "--ground"].map(colour);
    const narrow = wide < 560;
    // A narrow screen needs two lines for the legend.
    margin.top = narrow ? 50 : 30;
    svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("font-family", getComputedStyle(document.body).fontFamily);
    svg.setAttribute("font-size", "12");
    shape(svg, "rect", { width: wide, height: tall, fill: ground });
    const defs = shape(svg, "defs", {});
    const inside = { x: margin.left, y: margin.top, width: size("x"), height: size("y") };
    shape(shape(defs, "clipPath", { id: "inside" }), "rect", inside);
    const hatch = shape(defs, "pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    shape(hatch, "line", { y2: 8, stroke: soft, "stroke-width": 1.2 });
    for (const value of ticks("x", Math.max(3, wide / 110))) {
      const at = cut(px(value));
      shape(svg, "path", { d: `M${at} ${margin.top}v${size("y")}`, stroke: rule });
      shape(svg, "text", { x: at, y: tall - margin.bottom + 18, fill: soft, "text-anchor": "middle" }, number(value, 6));
    }
    for (const value of ticks("y", tall / 60)) {
      const at = cut(py(value));
      shape(svg, "path", { d: `M${margin.left} ${at}h${size("x")}`, stroke: rule });
      shape(svg, "text", { x: margin.left - 7, y: at + 4, fill: soft, "text-anchor": "end" }, number(value, 6));
    }
    shape(svg, "text", { x: margin.left + size("x") / 2, y: tall - 12, fill: ink, "text-anchor": "middle" }, narrow ? axes.x.short : axes.x.title);
    shape(svg, "text", { transform: `translate(14 ${margin.top + size("y") / 2}) rotate(-90)`, fill: ink, "text-anchor": "middle" }, narrow ? axes.y.short : axes.y.title);

    const area = shape(svg, "g", { "clip-path": "url(#inside)" });
    for (const box of data.boxes) {
      const [a, b] = [box.x0, box.x1].map((v, k) => px(v === null ? view.x[k] : axes.x.log ? Math.max(v, 1e-300) : v));
      const [c, d] = [box.y0, box.y1].map((v, k) => py(v === null ? view.y[k] : axes.y.log ? Math.max(v, 1e-300) : v));
      const [left, right] = [Math.max(a, -10), Math.min(b, wide + 10)];
      const [top, bottom] = [Math.max(d, -10), Math.min(c, tall + 10)];
      if (right <= left || bottom <= top) continue;
      shape(area, "rect", { x: cut(left), y: cut(top), width: cut(right - left), height: cut(bottom - top), fill: "url(#hatch)", "fill-opacity": 0.45, stroke: soft, "stroke-dasharray": "2 3" });
    }
    for (const line of data.lines) {
      shape(area, "path", { d: stairs(line), fill: "none", stroke: line.colour, "stroke-width": line.dash ? 2 : 1.2, "stroke-dasharray": line.dash || "none" });
    }
    const radius = count > 1500 ? 2.5 : count > 200 ? 3.5 : 4.5;
    const marks = groups.map(() => []);
    for (let index = 0; index < count; index += 1) {
      const [a, b] = [px(xs[index]), py(ys[index])];
      if (a < -9 || a > wide + 9 || b < -9 || b > tall + 9) continue;
      marks[group[index]].push(outlines[groups[group[index]].symbol](a, b, radius));
    }
    const paint = (parent, k, d) => groups[k].symbol === "x"
      ? shape(parent, "path", { d, fill: "none", stroke: groups[k].colour, "stroke-width": 1.6 })
      : shape(parent, "path", { d, fill: groups[k].colour });
    marks.forEach((found, k) => { if (found.length) paint(area, k, found.join("")); });
    for (const index of starOf.keys()) {
      shape(area, "path", { d: starAt(px(xs[index]), py(ys[index]), 10), fill: "#f0c419", stroke: "#222222", "stroke-width": 1.2 });
    }
    ring = shape(area, "circle", { r: 13, fill: "none", stroke: ink, "stroke-width": 2.5 });
    moveRing();

    // The legend, left to right as far as there is room; text is measured, so it is shown first.
    plot.replaceChildren(svg);
    let [at, line] = [narrow ? 8 : margin.left, 18];
    const entry = (sign, text, room = 18) => {
      const label = shape(svg, "text", { fill: ink }, text);
      const wanted = room + label.getComputedTextLength();
      if (at + wanted > wide && at > margin.left) [at, line] = [8, line + 18];
      label.setAttribute("x", at + room);
      label.setAttribute("y", line);
      if (sign) sign(at + 6, line - 4);
      at += wanted + 16;
    };
    if (data.lead && !narrow) entry(null, data.lead, 0);
    groups.forEach((entryOf, k) => entry((a, b) => paint(svg, k, outlines[entryOf.symbol](a, b, 5)), entryOf.name));
    for (const line of data.lines.filter((one) => one.name)) {
      entry((a, b) => shape(svg, "path", { d: `M${a - 6} ${b}h20`, stroke: line.colour, "stroke-width": 2, "stroke-dasharray": line.dash || "none" }), line.name, 26);
    }
    if (starOf.size) entry((a, b) => shape(svg, "path", { d: starAt(a, b, 8), fill: "#f0c419", stroke: "#222222" }), "recommended");
    if (data.boxes.length) entry((a, b) => shape(svg, "rect", { x: a - 5, y: b - 6, width: 14, height: 11, fill: "url(#hatch)", stroke: soft }), "still open", 22);
  };

  // Zooming.
  // Ends are compared as near as a screen can show.
  const same = () => ["x", "y"].every((side) => {
    const [low, high] = axes[side].range;
    return view[side].every((end, k) => Math.abs(end - [low, high][k]) <= 1e-6 * (high - low));
  });
  const show = (next) => {
    view = next;
    byId("zoom-out").disabled = byId("zoom-all").disabled = same();
    draw();
  };
  const all = () => show({ x: [...axes.x.range], y: [...axes.y.range] });
  // Half or double the span around the chosen point, never past the whole.
  const zoom = (factor) => {
    const next = {};
    for (const side of ["x", "y"]) {
      const middle = share(side, (side === "x" ? xs : ys)[current]);
      const held = Math.min(Math.max(middle, 0), 1);
      const found = [held - held * factor, held + (1 - held) * factor].map((part) => valueAt(side, part));
      const [low, high] = axes[side].range;
      next[side] = [Math.max(found[0], low), Math.min(found[1], high)];
    }
    show(next);
  };
  byId("zoom-in").addEventListener("click", () => zoom(0.5));
  byId("zoom-out").addEventListener("click", () => zoom(2));
  byId("zoom-all").addEventListener("click", all);

  const place = (event) => {
    const box = plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const nearest = ([a, b]) => {
    let [found, least] = [-1, 20 ** 2];
    for (let index = 0; index < count; index += 1) {
      const far = (px(xs[index]) - a) ** 2 + (py(ys[index]) - b) ** 2;
      if (far < least) [found, least] = [index, far];
    }
    return found;
  };
  let from = null;
  let frame = null;
  // A drag ends in a click too, which must not choose a point.
  let dragged = false;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    from = place(event);
    frame = null;
    dragged = false;
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (from && Math.hypot(at[0] - from[0], at[1] - from[1]) > 8) {
      tip.hidden = true;
      frame ??= shape(svg, "rect", { fill: "#f0c419", "fill-opacity": 0.2, stroke: "#8a5a00" });
      const [left, top] = [Math.min(from[0], at[0]), Math.min(from[1], at[1])];
      for (const [key, value] of Object.entries({ x: left, y: top, width: Math.abs(at[0] - from[0]), height: Math.abs(at[1] - from[1]) })) {
        frame.setAttribute(key, value);
      }
      return;
    }
    const index = nearest(at);
    tip.hidden = index < 0;
    if (index < 0) return;
    list(tip, [...(starOf.has(index) ? [["★", starOf.get(index)]] : []), ...describe(index)]);
    const right = at[0] > wide / 2;
    tip.style.left = right ? "" : at[0] + 14 + "px";
    tip.style.right = right ? wide - at[0] + 14 + "px" : "";
    tip.style.top = plot.offsetTop + Math.max(0, Math.min(at[1] - 20, tall - tip.offsetHeight)) + "px";
  });
  const drop = () => { frame?.remove(); from = frame = null; };
  plot.addEventListener("pointercancel", drop);
  plot.addEventListener("pointerup", (event) => {
    if (!from || !frame) { drop(); return; }
    dragged = true;
    const at = place(event);
    const within = (side, pixel) => Math.min(Math.max(
      side === "x" ? (pixel - margin.left) / size("x") : (tall - margin.bottom - pixel) / size("y"), 0), 1);
    const next = {};
    for (const [side, k] of [["x", 0], ["y", 1]]) {
      const ends = [within(side, from[k]), within(side, at[k])].sort((a, b) => a - b);
      if (ends[1] - ends[0] < 0.005) { drop(); return; }
      next[side] = ends.map((end) => valueAt(side, end));
    }
    drop();
    show(next);
  });
  plot.addEventListener("click", (event) => {
    if (dragged) { dragged = false; return; }
    const index = nearest(place(event));
    if (index < 0) return;
    slideTo(index);
    choose(index);
    moveRing();
  });
  plot.addEventListener("dblclick", all);
  plot.addEventListener("pointerleave", () => { tip.hidden = true; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
  slider.addEventListener("input", () => { choose(selected()); if (ring) moveRing(); });

  byId("save-picture").addEventListener("click", async () => {
    const copy = svg.cloneNode(true);
    copy.setAttribute("width", wide);
    copy.setAttribute("height", tall);
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }));
    await image.decode();
    URL.revokeObjectURL(image.src);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * wide, 2 * tall];
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * wide, 2 * tall);
    canvas.toBlob((picture) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(picture);
      link.download = "frontier.png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });

  const knee = data.stars.find((star) => /\bknee\b/i.test(star.title));
  const start = knee ? knee.index : 0;
  slideTo(start);
  choose(start);
  byId("walk").hidden = false;
  host.hidden = false;
  byId("drawing").style.display = "none";
  new ResizeObserver(draw).observe(plot);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
