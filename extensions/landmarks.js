// Keeps the keyboard where it is: sphinx-book-theme takes the focus off a button that one clicks, for the sake of its tooltip.
"use strict";
for (const button of document.querySelectorAll(".theme-switch-button, .search-button, .primary-toggle, .secondary-toggle")) {
  button.blur = () => {};
}
