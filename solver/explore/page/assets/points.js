/* The table of all points, made in the browser: a frontier can have a thousand. Every string is set
   as text. */
(function () {
  "use strict";

  function cell(tag, text, isFigure) {
    var made = document.createElement(tag);
    made.textContent = text;
    if (isFigure) {
      made.className = "number";
    }
    return made;
  }

  function show(listed) {
    var box = document.getElementById("points");
    box.replaceChildren();
    if (!listed || !listed.rows.length) {
      box.append(cell("p", "There are no points."));
      return null;
    }
    var table = document.createElement("table");
    var head = table.createTHead().insertRow();
    var body = table.createTBody();
    table.createCaption().textContent = listed.caption;
    listed.header.forEach(function (text, at) {
      var th = cell("th", text, listed.figures[at]);
      th.scope = "col";
      head.append(th);
    });
    listed.rows.forEach(function (cells, at) {
      var row = body.insertRow();
      var button = cell("button", "Show " + (at + 1).toLocaleString("en"));
      var first = document.createElement("td");
      row.dataset.row = at;
      button.type = "button";
      button.dataset.scenario = listed.scenario;
      button.dataset.point = at;
      button.setAttribute(
        "aria-label", "Show plan " + (at + 1) + " of scenario " + listed.scenario
      );
      first.append(button);
      row.append(first);
      cells.forEach(function (text, place) {
        row.append(cell("td", text, listed.figures[place + 1]));
      });
    });
    var scroll = document.createElement("div");
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", listed.caption);
    scroll.append(table);
    box.append(scroll);
    return null;
  }

  function mark(chosen) {
    document.querySelectorAll("#points tr.chosen").forEach(function (row) {
      row.classList.remove("chosen");
      row.removeAttribute("aria-current");
    });
    var row = chosen && document.querySelector('#points tr[data-row="' + Number(chosen.index) + '"]');
    if (row) {
      row.classList.add("chosen");
      row.setAttribute("aria-current", "true");
    }
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.points = {
    show: function (listed, chosen) {
      var table = document.querySelector("#points table");
      if (!table || show.last !== listed) {
        show.last = listed;
        show(listed);
      }
      mark(chosen);
      return null;
    },
  };
})();
