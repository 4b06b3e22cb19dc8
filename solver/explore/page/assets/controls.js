/* The fields of both scenarios, as plain elements of the document. A fleet has hundreds of controls,
   and as components of Dash they would take the browser seconds. Every string is set as text. */
(function () {
  "use strict";

  var PAUSE_MS = 200; // Nothing typed for so long is an end of typing.
  var MOST_RADIOS = 4; // More choices than that go into a list that drops down.
  var controls = [];
  var rows = {}; // By scenario, then by key of the control: the elements of its row.
  var pauses = {};

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) {
      made.className = className;
    }
    if (text !== undefined) {
      made.textContent = text;
    }
    return made;
  }

  function words(text) {
    return text.split(",").map(function (word) { return word.trim(); }).filter(Boolean);
  }

  function said(control) {
    if (control.kind === "switch") {
      return control.value === "true" ? "yes" : "no";
    }
    var value = control.kind === "choices" ? words(control.value).join(", ") : control.value;
    return value ? (value + " " + control.unit).trim() : control.otherwise || "none";
  }

  function options(control) {
    var choices = control.choices.map(function (choice) { return [choice, choice]; });
    // A file that says nothing has a choice of its own: what holds then.
    return control.value ? choices : [["", control.otherwise || "none"]].concat(choices);
  }

  function ticks(control, name, type, choices) {
    var box = element("div", "ticks");
    choices.forEach(function (choice) {
      var label = element("label");
      var input = element("input");
      input.type = type;
      input.name = name;
      input.value = choice[0];
      label.append(input, " " + choice[1]);
      box.append(label);
    });
    return box;
  }

  /* A field: its element, and how to read and write the text that it holds. */
  function field(control, name) {
    var box, inputs;
    if (control.kind === "number") {
      box = element("input", "entry");
      box.type = "text"; // One of numbers would round what is typed.
      box.inputMode = "decimal";
      box.autocomplete = "off";
      box.placeholder = control.otherwise || "none";
    } else if (control.kind === "choice" && options(control).length > MOST_RADIOS) {
      box = element("select", "entry");
      options(control).forEach(function (choice) {
        var option = element("option", "", choice[1]);
        option.value = choice[0];
        box.append(option);
      });
    }
    if (box) {
      return {
        box: box,
        read: function () { return box.value.trim(); },
        write: function (text) { box.value = text; },
      };
    }
    if (control.kind === "switch") {
      box = ticks(control, name, "checkbox", [["true", "yes"]]);
    } else if (control.kind === "choice") {
      box = ticks(control, name, "radio", options(control));
    } else {
      box = ticks(control, name, "checkbox", control.choices.map(function (c) { return [c, c]; }));
    }
    inputs = Array.from(box.querySelectorAll("input"));
    return {
      box: box,
      read: function () {
        var ticked = inputs.filter(function (i) { return i.checked; }).map(function (i) { return i.value; });
        if (control.kind === "switch") {
          return ticked.length ? "true" : control.value ? "false" : "";
        }
        return ticked.join(",");
      },
      write: function (text) {
        var chosen = control.kind === "choices" ? words(text) : [text];
        inputs.forEach(function (input) { input.checked = chosen.indexOf(input.value) >= 0; });
      },
    };
  }

  function differs(control, text) {
    if (control.kind !== "choices") {
      return text !== control.value;
    }
    return words(text).sort().join() !== words(control.value).sort().join();
  }

  function wanted(scenario) {
    var changes = {};
    controls.forEach(function (control) {
      var row = rows[scenario][control.key];
      var text = row.field.read();
      var changed = differs(control, text);
      row.box.classList.toggle("changed", changed);
      if (changed) {
        changes[control.key] = text;
      }
    });
    return changes;
  }

  function ask(scenario, pause) {
    var changes = wanted(scenario);
    window.clearTimeout(pauses[scenario]);
    pauses[scenario] = window.setTimeout(function () {
      pauses[scenario] = null;
      window.dash_clientside.set_props("wanted-" + scenario, { data: changes });
    }, pause);
  }

  function row(control, scenario, number) {
    var name = "field-" + scenario + "-" + number;
    var made = field(control, name);
    var grouped = made.box.classList.contains("ticks");
    var box = element("div", "control");
    var label = element(grouped ? "span" : "label", "name", control.label);
    var fault = element("p", "fault");
    var note = element("p", "file-value");
    var reset = element("button", "reset", "Reset");
    box.dataset.key = control.key;
    if (control.unit) {
      label.append(element("span", "unit", " " + control.unit));
    }
    label.id = name + "-name";
    fault.id = name + "-fault";
    fault.setAttribute("role", "alert");
    if (grouped) {
      made.box.setAttribute("role", "group");
      made.box.setAttribute("aria-labelledby", label.id);
    } else {
      made.box.id = name;
      label.htmlFor = name;
    }
    made.box.setAttribute("aria-describedby", name + "-help " + fault.id);
    reset.type = "button";
    reset.setAttribute("aria-label", "Reset " + control.label + " to the file's " + said(control));
    reset.addEventListener("click", function () {
      made.write(control.value);
      ask(scenario, 0);
    });
    note.append(element("span", "", "File: " + said(control)), reset);
    made.box.addEventListener("input", function () {
      ask(scenario, control.kind === "number" ? PAUSE_MS : 0);
    });
    box.append(label, made.box);
    if (control.help) {
      var help = element("p", "help", control.help);
      help.id = name + "-help";
      box.append(help);
    }
    box.append(note, fault);
    rows[scenario][control.key] = { box: box, field: made, fault: fault };
    return box;
  }

  function build(scenario) {
    var panel = document.getElementById("fields-of-" + scenario);
    var group = null;
    var name = "";
    rows[scenario] = {};
    panel.replaceChildren();
    controls.forEach(function (control, number) {
      if (control.group !== name) {
        name = control.group;
        group = element("details", "group");
        group.open = true;
        group.append(element("summary", "", name[0].toUpperCase() + name.slice(1)));
        panel.append(group);
      }
      group.append(row(control, scenario, number));
    });
  }

  /* Write what the server holds: what is asked, and what is wrong with it. */
  function fill(scenario, held) {
    // Fields that were just made are empty, whatever brought the answer that made them.
    var write = held.write || !rows[scenario];
    if (!rows[scenario]) {
      build(scenario);
    }
    controls.forEach(function (control) {
      var row = rows[scenario][control.key];
      var change = held.changes[control.key];
      // What is being typed is newer than what the server holds.
      if (write && !pauses[scenario]) {
        row.field.write(change === undefined ? control.value : change);
      }
      row.fault.textContent = held.faults[control.key] || "";
    });
    wanted(scenario);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.controls = {
    fill: function (held, offered, scenario) {
      if (held && offered) {
        controls = offered;
        fill(held.scenario, held);
      }
      return null;
    },
    reset_all: function (clicks, scenario) {
      if (clicks) {
        controls.forEach(function (control) { rows[scenario][control.key].field.write(control.value); });
        ask(scenario, 0);
      }
      return null;
    },
  };
})();
