"use strict";
(async () => {
  const drawing = document.getElementById("drawing");
  const host = document.getElementById("chart");
  const walk = document.getElementById("walk");
  const slider = document.getElementById("walk-slider");
  const facts = document.getElementById("walk-facts");
  const { points, figure } = JSON.parse(document.getElementById("chart-data").textContent);
  const count = points.speed.length;

  const number = (value, digits = 4) =>
    Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumSignificantDigits: digits });
  const money = (value) => (value < 0.1 ? number(value) : value.toLocaleString("en-US",
    { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
  const perMille = (value) => (value / 10).toFixed(1) + " %";

  // What is known of one point, as pairs of name and text.
  const describe = (index) => {
    const layout = points.layouts[points.layout[index]];
    const pairs = [
      ["Speed", number(points.speed[index], 5) + " tok/s/user"],
      ["Cost", "US$" + number(points.cost[index]) + " per Mtok"],
    ];
    const design = [
      layout.devices !== null && layout.accelerator ? layout.devices + " × " + layout.accelerator : layout.accelerator,
      layout.name,
    ].filter(Boolean).join(", ");
    if (design) pairs.push(["Design", design]);
    if (points.batch[index] !== null) pairs.push(["Batch", points.batch[index].toLocaleString("en-US")]);
    if (layout.precision) pairs.push(["Precision", layout.precision]);
    if (layout.usd_per_hour !== null) {
      pairs.push(["Replica", number((layout.usd_per_hour * 1e6) / (3600 * points.cost[index])) + " tok/s"]);
      pairs.push(["Price", "US$" + money(layout.usd_per_hour) + "/h"]);
    }
    if (points.hbm[index] !== null) pairs.push(["HBM used", perMille(points.hbm[index])]);
    if (points.mfu[index] !== null) pairs.push(["Arithmetic used", perMille(points.mfu[index])]);
    pairs.push(["Pace set by", points.bindings[points.binding[index]]]);
    return pairs;
  };

  // plotly.js reads a few tags in text; a name from a file must not be one.
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const hover = (index, title) =>
    (title ? "<b>" + plain(title) + "</b><br>" : "") +
    describe(index).map(([name, value]) => plain(name) + ": " + plain(value)).join("<br>");

  // Points run from fastest to cheapest, the slider from cheapest to fastest, as the axis does.
  // On long frontiers a step of the slider is a step along the curve, not a step of one point: most
  // points may crowd at one end.
  const along = [0];
  for (let index = 1; index < count; index += 1) {
    const part = (column) => {
      const width = Math.abs(Math.log(column[count - 1] / column[0]));
      return width > 0 ? Math.abs(Math.log(column[index] / column[index - 1])) / width : 0;
    };
    along.push(along[index - 1] + part(points.speed) + part(points.cost));
  }
  const steps = count <= 200 ? count - 1 : 1000;
  slider.max = String(steps);
  const selected = () => {
    const value = steps - Number(slider.value);
    if (steps === count - 1) return value;
    const target = (value / steps) * along[count - 1];
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (along[middle] < target) low = middle + 1; else high = middle;
    }
    return low > 0 && target - along[low - 1] <= along[low] - target ? low - 1 : low;
  };
  const slideTo = (index) => {
    const share = steps === count - 1 ? index : Math.round((along[index] / along[count - 1]) * steps);
    slider.value = String(steps - share);
  };
  let current = 0;
  const tell = (index) => {
    current = index;
    const pairs = describe(index);
    facts.replaceChildren(...pairs.map(([name, value]) => {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = value;
      row.append(term, detail);
      return row;
    }));
    slider.setAttribute("aria-valuetext", pairs.slice(0, 2).map(([, value]) => value).join(", "));
  };
  const knee = figure.stars.find((star) => star.title === "Knee");
  slideTo(knee ? knee.index : 0);
  tell(knee ? knee.index : 0);
  slider.addEventListener("input", () => tell(selected()));
  walk.hidden = false;

  // From here on plotly.js is needed; a browser that cannot unpack it keeps the drawing.
  if (typeof DecompressionStream === "undefined") return;
  const packed = atob(document.getElementById("plotly-source").textContent.trim());
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
  if (typeof Plotly === "undefined") return;

  const pick = (column, indices) => indices.map((index) => column[index]);
  const traces = [{
    type: "scatter", mode: "lines", x: points.speed, y: points.cost, hoverinfo: "skip",
    showlegend: false, line: { shape: "hv", width: 1, color: "#9aa3ae" },
  }];
  for (const { binding, ...outline } of figure.traces) {
    const own = points.binding.flatMap((value, index) => (value === binding ? [index] : []));
    traces.push({
      ...outline, x: pick(points.speed, own), y: pick(points.cost, own), customdata: own,
      hovertext: own.map((index) => hover(index)),
    });
  }
  const stars = new Map();
  for (const { index, title } of figure.stars) {
    stars.set(index, stars.has(index) ? stars.get(index) + ", " + title : title);
  }
  const starred = [...stars.keys()];
  traces.push({
    type: "scatter", mode: "markers", name: "recommended", hoverinfo: "text", customdata: starred,
    x: pick(points.speed, starred), y: pick(points.cost, starred),
    hovertext: starred.map((index) => hover(index, stars.get(index))),
    marker: { symbol: "star", size: 17, color: "#f0c419", line: { width: 1.2, color: "#222222" } },
  });
  traces.push({
    type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false,
    x: [points.speed[current]], y: [points.cost[current]],
    marker: { symbol: "circle-open", size: 22, line: { width: 2.5 } },
  });
  const ring = traces.length - 1;

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const [ink, rule, ground, panel] = ["--ink", "--rule", "--ground", "--panel"]
      .map((name) => style.getPropertyValue(name).trim());
    return { ink, rule, ground, panel };
  };
  const narrow = () => host.clientWidth < 560;
  const dressed = () => {
    const { ink, rule, ground, panel } = colours();
    const layout = structuredClone(figure.layout);
    layout.font = { color: ink, family: getComputedStyle(document.body).fontFamily, size: narrow() ? 11 : 13 };
    layout.paper_bgcolor = ground;
    layout.plot_bgcolor = ground;
    layout.hoverlabel = { bgcolor: panel, bordercolor: rule, font: { color: ink }, align: "left" };
    layout.xaxis.gridcolor = layout.yaxis.gridcolor = rule;
    if (narrow()) {
      layout.legend.title.text = "";
      layout.xaxis.title.text = "tok/s/user (faster →)";
      layout.yaxis.title.text = "US$/Mtok (cheaper ↓)";
    }
    for (const shape of layout.shapes) shape.label.font = { color: ink };
    traces[ring].marker.color = ink;
    traces[ring].marker.line.color = ink;
    return layout;
  };
  host.hidden = false;
  drawing.style.display = "none";
  const config = () => ({ ...figure.config, displayModeBar: narrow() ? false : "hover" });
  await Plotly.newPlot(host, traces, dressed(), config());
  dark.addEventListener("change", () => Plotly.react(host, traces, dressed(), config()));

  let pending = false;
  const moveRing = () => {
    pending = false;
    traces[ring].x = [points.speed[current]];
    traces[ring].y = [points.cost[current]];
    Plotly.restyle(host, { x: [traces[ring].x], y: [traces[ring].y] }, [ring]);
  };
  slider.addEventListener("input", () => {
    if (!pending) { pending = true; requestAnimationFrame(moveRing); }
  });
  host.on("plotly_click", (event) => {
    const index = event.points[0].customdata;
    if (typeof index !== "number") return;
    slideTo(index);
    tell(index);
    moveRing();
  });
})();
