"use strict";
// Keys press what is on the page: each control names its own in data-key.
(function () {
  function typing(target) {
    return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      (target.tagName === "INPUT" && !/^(checkbox|button|submit)$/.test(target.type));
  }
  document.addEventListener("keydown", function (event) {
    var target = event.target;
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
    var named = document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
    if (!named) { return; }
    event.preventDefault();
    if (/^(TEXTAREA|SELECT)$/.test(named.tagName)) { named.focus(); } else { named.click(); }
  });
})();
