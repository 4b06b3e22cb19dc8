/* What happens in the browser alone: the theme, and clicks that name a point or a control. Every
   string of a file reaches the page as text made by React; nothing here writes markup. */
(function () {
  "use strict";

  var root = document.documentElement;
  var wanted = null;
  try {
    wanted = window.localStorage.getItem("fleetfront-theme");
  } catch (refused) {
    // Storage may be switched off; the theme then lasts as long as the page.
    wanted = null;
  }
  if (wanted === "dark" || wanted === "light") {
    root.dataset.theme = wanted;
  }

  function isDark() {
    if (root.dataset.theme) {
      return root.dataset.theme === "dark";
    }
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function switchTheme() {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      window.localStorage.setItem("fleetfront-theme", root.dataset.theme);
    } catch (refused) {
      return;
    }
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!button) {
      return;
    }
    if (button.id === "theme") {
      switchTheme();
    } else if (button.dataset.point) {
      var point = { scenario: button.dataset.scenario, index: Number(button.dataset.point) };
      window.dash_clientside.set_props("asked-point", { data: point });
    }
  });

  // Another tab may have asked something else of the same session meanwhile.
  function look() {
    if (document.visibilityState === "visible" && window.dash_clientside.set_props) {
      window.dash_clientside.set_props("returned", { data: Date.now() });
    }
  }
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
})();
