"use strict";
(() => {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const { goals, facts, groups, group } = data;
  const count = group.length;
  const host = document.getElementById("chart");
  const canvas = host.querySelector("canvas");
  const tip = document.getElementById("tip");
  const form = document.getElementById("bounds");
  const answer = document.getElementById("chosen");
  const told = document.getElementById("chosen-facts");
  const target = document.getElementById("target");
  const [gx, gy] = [goals[data.x], goals[data.y]];

  const number = (value, digits = 4) =>
    value.toLocaleString("en-US", { maximumSignificantDigits: digits });
  const withUnit = (goal, value) => {
    if (goal.unit.startsWith("US$")) return "US$" + number(value) + goal.unit.slice(3);
    return (number(value, 5) + " " + goal.unit).trim();
  };
  const asGood = (goal, value, bound) => (goal.maximised ? value >= bound : value <= bound);
  // Less is better of what this returns.
  const loss = (goal, index) => (goal.maximised ? -goal.values[index] : goal.values[index]);

  // One row for each goal: a slider over the distinct values there are, loosest at the left, and a
  // field to type a bound into.
  const rows = goals.map((goal, place) => {
    const steps = [...new Set(goal.values)].sort((a, b) => (goal.maximised ? a - b : b - a));
    const row = document.createElement("div");
    const label = document.createElement("label");
    const slider = document.createElement("input");
    const field = document.createElement("input");
    label.textContent = goal.name + (goal.maximised ? " at least" : " at most") +
      (goal.unit ? ", " + goal.unit : "");
    label.htmlFor = field.id = "bound-" + place;
    slider.type = "range";
    slider.min = "0";
    slider.max = String(steps.length - 1);
    slider.value = "0";
    slider.setAttribute("aria-label", label.textContent);
    field.type = "text";
    field.inputMode = "decimal";
    field.placeholder = "any";
    row.append(label, field, slider);
    form.append(row);
    const state = { goal, row, slider, field, bound: null };
    slider.addEventListener("input", () => {
      const step = Number(slider.value);
      state.bound = step === 0 ? null : steps[step];
      field.value = step === 0 ? "" : number(steps[step], 6);
      field.removeAttribute("aria-invalid");
      update();
    });
    field.addEventListener("input", () => {
      const text = field.value.replace(/,/g, "").trim();
      const value = Number(text);
      const wrong = text !== "" && !Number.isFinite(value);
      field.toggleAttribute("aria-invalid", wrong);
      if (wrong) return;
      state.bound = text === "" ? null : value;
      const met = state.bound === null ? 0 : steps.findIndex((step) => asGood(goal, step, value));
      slider.value = String(met < 0 ? steps.length - 1 : met);
      update();
    });
    return state;
  });

  goals.forEach((goal, place) => {
    const option = document.createElement("option");
    option.value = String(place);
    option.textContent = goal.best === "best" ? "best " + goal.name : goal.best;
    target.append(option);
  });
  target.value = String(data.y);

  let admitted = [];
  let stairs = [];
  let chosen = -1;

  const best = (first) => {
    const order = [first, ...goals.filter((goal) => goal !== first)];
    let found = -1;
    for (const index of admitted) {
      if (found < 0) { found = index; continue; }
      for (const goal of order) {
        const step = loss(goal, index) - loss(goal, found);
        if (step < 0) found = index;
        if (step !== 0) break;
      }
    }
    return found;
  };

  const describe = (index) => [
    ...goals.map((goal) => [goal.name[0].toUpperCase() + goal.name.slice(1), withUnit(goal, goal.values[index])]),
    ...facts.map((fact) => [fact.name, fact.texts[fact.of[index]]]).filter(([, text]) => text),
  ];
  const list = (holder, pairs) => holder.replaceChildren(...pairs.map(([name, value]) => {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = name;
    detail.textContent = value;
    row.append(term, detail);
    return row;
  }));

  const update = () => {
    const first = goals[Number(target.value)];
    for (const state of rows) state.row.hidden = state.goal === first;
    const bounds = rows.filter((state) => state.goal !== first && state.bound !== null);
    admitted = [];
    for (let index = 0; index < count; index += 1) {
      if (bounds.every((s) => asGood(s.goal, s.goal.values[index], s.bound))) admitted.push(index);
    }
    chosen = best(first);
    // The staircase of what is drawn, over all points that meet the bounds on what is not drawn.
    const hidden = bounds.filter((s) => s.goal !== gx && s.goal !== gy);
    const open = [];
    for (let index = 0; index < count; index += 1) {
      if (hidden.every((s) => asGood(s.goal, s.goal.values[index], s.bound))) open.push(index);
    }
    open.sort((a, b) => loss(gx, a) - loss(gx, b) || loss(gy, a) - loss(gy, b));
    stairs = [];
    for (const index of open) {
      if (!stairs.length || loss(gy, index) < loss(gy, stairs[stairs.length - 1])) stairs.push(index);
    }
    const asked = bounds.map((s) =>
      s.goal.name + (s.goal.maximised ? " of at least " : " of at most ") + withUnit(s.goal, s.bound));
    const word = first.best === "best" ? "best " + first.name : first.best;
    const head = word[0].toUpperCase() + word.slice(1) + (asked.length ? " at a " + asked.join(" and a ") : "");
    answer.textContent = chosen < 0 ? head + ": no design does it." :
      head + ": " + withUnit(first, first.values[chosen]) + " (" +
      admitted.length.toLocaleString("en-US") + " of " + count.toLocaleString("en-US") + " points qualify)";
    list(told, chosen < 0 ? [] : describe(chosen));
    draw();
  };

  const margin = { left: 66, right: 16, top: 12, bottom: 52 };
  const span = (goal) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of goal.values) { low = Math.min(low, value); high = Math.max(high, value); }
    if (goal.log) return [low / (high / low) ** 0.08, high * (high / low) ** 0.05];
    const air = 0.06 * (high - low) || Math.abs(high) * 0.1 || 1;
    return [low >= 0 && low < 0.6 * high ? 0 : low - air, high + air];
  };
  const [xs, ys] = [span(gx), span(gy)];
  const share = (goal, [low, high], value) => goal.log
    ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  let wide = 0;
  let tall = 0;
  const px = (value) => margin.left + share(gx, xs, value) * (wide - margin.left - margin.right);
  const py = (value) => tall - margin.bottom - share(gy, ys, value) * (tall - margin.top - margin.bottom);

  const ticks = (goal, [low, high], most) => {
    const found = [];
    if (goal.log) {
      const steps = high / low > 2000 ? [1] : high / low > 12 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
      for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
        for (const step of steps) {
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

  const draw = () => {
    const ratio = window.devicePixelRatio || 1;
    [wide, tall] = [host.clientWidth, host.clientHeight];
    if (!wide) return;
    canvas.width = wide * ratio;
    canvas.height = tall * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    pen.font = "12px " + getComputedStyle(document.body).fontFamily;
    pen.clearRect(0, 0, wide, tall);
    pen.strokeStyle = colour("--rule");
    pen.fillStyle = colour("--soft");
    pen.lineWidth = 1;
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const value of ticks(gx, xs, Math.max(3, wide / 110))) {
      const at = px(value);
      pen.beginPath(); pen.moveTo(at, margin.top); pen.lineTo(at, tall - margin.bottom); pen.stroke();
      pen.fillText(number(value, 6), at, tall - margin.bottom + 6);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of ticks(gy, ys, tall / 60)) {
      const at = py(value);
      pen.beginPath(); pen.moveTo(margin.left, at); pen.lineTo(wide - margin.right, at); pen.stroke();
      pen.fillText(number(value, 6), margin.left - 7, at);
    }
    pen.fillStyle = colour("--ink");
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    pen.fillText(data.titles[0], (wide + margin.left) / 2, tall - 12);
    pen.save();
    pen.translate(14, (tall - margin.bottom + margin.top) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(data.titles[1], 0, 0);
    pen.restore();

    // What the bounds shut out.
    pen.fillStyle = colour("--panel");
    for (const { goal, bound, row } of rows) {
      if (bound === null || row.hidden || (goal !== gx && goal !== gy)) continue;
      const [low, high] = goal === gx ? xs : ys;
      if (goal.log && bound <= 0) continue;
      const edge = Math.min(Math.max(bound, low), high);
      if (goal === gx) {
        const at = px(edge);
        const [from, to] = goal.maximised ? [margin.left, at] : [at, wide - margin.right];
        pen.fillRect(from, margin.top, to - from, tall - margin.top - margin.bottom);
      } else {
        const at = py(edge);
        const [from, to] = goal.maximised ? [at, tall - margin.bottom] : [margin.top, at];
        pen.fillRect(margin.left, from, wide - margin.left - margin.right, to - from);
      }
    }
    const within = new Set(admitted);
    const radius = count > 1500 ? 2.5 : count > 200 ? 3.5 : 4.5;
    const dot = (index, size) => {
      pen.beginPath();
      pen.arc(px(gx.values[index]), py(gy.values[index]), size, 0, 2 * Math.PI);
      pen.fill();
    };
    // Shapes tell the groups apart where colours do not.
    const outlines = groups.map((one) => new Path2D(one.outline));
    const mark = (index, size) => {
      pen.save();
      pen.translate(px(gx.values[index]), py(gy.values[index]));
      pen.scale(size / 4.5, size / 4.5);
      pen.fill(outlines[group[index]]);
      pen.restore();
    };
    pen.fillStyle = colour("--rule");
    for (let index = 0; index < count; index += 1) if (!within.has(index)) dot(index, radius * 0.8);
    if (stairs.length) {
      pen.strokeStyle = colour("--accent");
      pen.lineWidth = 1.6;
      pen.beginPath();
      stairs.forEach((index, k) => {
        const [x, y] = [px(gx.values[index]), py(gy.values[index])];
        if (k === 0) pen.moveTo(x, y);
        else { pen.lineTo(x, py(gy.values[stairs[k - 1]])); pen.lineTo(x, y); }
      });
      const last = py(gy.values[stairs[stairs.length - 1]]);
      pen.lineTo(gx.maximised ? margin.left : wide - margin.right, last);
      pen.stroke();
    }
    for (const index of admitted) {
      pen.fillStyle = groups[group[index]].colour;
      mark(index, radius);
    }
    if (chosen >= 0) {
      const [x, y] = [px(gx.values[chosen]), py(gy.values[chosen])];
      pen.fillStyle = "#f0c419";
      pen.strokeStyle = colour("--ink");
      pen.lineWidth = 1.2;
      pen.beginPath();
      for (let k = 0; k < 10; k += 1) {
        const [far, turn] = [k % 2 ? 4.5 : 11, (k * Math.PI) / 5 - Math.PI / 2];
        pen.lineTo(x + far * Math.cos(turn), y + far * Math.sin(turn));
      }
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  };

  const nearest = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [found, least] = [-1, 14 ** 2];
    for (let index = 0; index < count; index += 1) {
      const far = (px(gx.values[index]) - x) ** 2 + (py(gy.values[index]) - y) ** 2;
      if (far < least) [found, least] = [index, far];
    }
    return [found, x, y];
  };
  canvas.addEventListener("pointermove", (event) => {
    const [index, x, y] = nearest(event);
    tip.hidden = index < 0;
    if (index < 0) return;
    const star = data.stars.find((entry) => entry.index === index);
    list(tip, [...(star ? [["★", star.title]] : []), ...describe(index)]);
    const half = x > wide / 2;
    tip.style.left = half ? "" : x + 14 + "px";
    tip.style.right = half ? wide - x + 14 + "px" : "";
    tip.style.top = Math.max(0, Math.min(y - 20, tall - tip.offsetHeight)) + "px";
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  target.addEventListener("change", update);
  document.getElementById("explore").hidden = false;
  new ResizeObserver(draw).observe(host);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  update();
})();
