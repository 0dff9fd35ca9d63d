// Buttons that copy what stands in another element. Without this script they are not shown, and the text can be marked by hand.
"use strict";
(() => {
  const status = document.getElementById("copied");

  // Where there is no clipboard (a page without HTTPS) or it is not given, there is the selection.
  async function copy(element) {
    try {
      await navigator.clipboard.writeText(element.textContent.trim());
      return true;
    } catch {
      getSelection().selectAllChildren(element);
      return document.execCommand("copy");
    }
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    const words = button.textContent;
    let back;
    button.hidden = false;
    button.addEventListener("click", async () => {
      // What was not copied is marked at least.
      if (!(await copy(document.getElementById(button.dataset.copy)))) return;
      button.textContent = status.textContent = button.dataset.done;
      clearTimeout(back);
      back = setTimeout(() => {
        button.textContent = words;
        status.textContent = "";
      }, 2000);
    });
  }
})();
