// Fills in the page that the reader comes from; where there is no GitHub to go on to, makes a text to copy.
"use strict";
(() => {
  const form = document.querySelector(".ib-report");
  const fields = [...form.querySelectorAll("[aria-describedby]")];
  const [page] = fields;
  page.value ||= new URLSearchParams(location.search).get("page") ?? "";
  if (form.method === "get" && form.hasAttribute("action")) {
    const title = form.elements.title;
    form.addEventListener("submit", () => (title.value = say("Problem on {page}").replace("{page}", page.value)));
    return;
  }
  const text = form.querySelector("[readonly]");
  const [, copy] = form.querySelectorAll("button");
  const status = form.querySelector("[role=status]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    text.value = fields
      .filter((field) => field.value.trim())
      .map((field) => `${field.labels[0].textContent}\n${field.value.trim()}`)
      .join("\n\n");
    text.parentElement.hidden = false;
    status.textContent = "";
    text.focus();
    text.select();
  });
  copy.addEventListener("click", async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      status.textContent = say("Copied.");
    } catch {
      status.textContent = say("Your browser does not let a page copy: the text is marked, copy it with the keyboard.");
    }
  });
})();
