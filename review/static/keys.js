"use strict";
// Keys press what is on the page: each control names its own in data-key.
(function () {
  function typing(target) {
    return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      (target.tagName === "INPUT" && !/^(checkbox|button|submit)$/.test(target.type));
  }
  // A Thai keyboard gives Thai letters: there the place of the key says which one is meant.
  function pressed(event) {
    var place = /^(?:Key|Digit)(\w)$/.exec(event.code);
    var thai = /[\u0E00-\u0E7F]/.test(event.key);
    if (thai && event.code === "Slash" && event.shiftKey) { return "?"; }
    if (place && !event.shiftKey && (thai || /\d/.test(place[1]))) { return place[1].toLowerCase(); }
    return event.key;
  }
  document.addEventListener("keydown", function (event) {
    var target = event.target;
    if (event.repeat || event.isComposing) { return; }  // a key held down decides once
    if (event.key === "Escape" && typing(target)) {
      target.blur();
      document.getElementById("main").focus();
      return;
    }
    if (event.key === "Enter" && event.ctrlKey && target.form) {
      var save = target.form.querySelector("[data-save]");
      if (save) { event.preventDefault(); save.click(); }
      return;
    }
    if (typing(target) || event.ctrlKey || event.altKey || event.metaKey) { return; }
    var named = document.querySelector('[data-key="' + CSS.escape(pressed(event)) + '"]');
    if (!named) { return; }
    event.preventDefault();
    if (/^(TEXTAREA|SELECT)$/.test(named.tagName)) { named.focus(); } else { named.click(); }
  });
})();
