// Dialogs, menus and notices that are closed. A dialog opens from <a href="#ID" data-dialog="ID">, which without
// script shows it through :target. A typed-name confirmation keeps its button disabled until the name matches;
// the server checks the name again.

const dialogFor = (opener) => document.getElementById(opener.dataset.dialog);

function open(opener, event) {
  const dialog = dialogFor(opener);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
  dialog.querySelectorAll("[data-confirm-name]").forEach(checkName);
}

function checkName(input) {
  const button = input.form?.querySelector("[data-confirm-submit]");
  if (button) button.disabled = input.value.trim() !== input.dataset.confirmName;
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  closeMenus(target);
  const opener = target.closest("[data-dialog]");
  if (opener) return open(opener, event);
  const closer = target.closest("[data-close]");
  const dialog = target.closest("dialog");
  if (closer && dialog?.open) {
    event.preventDefault();
    dialog.close();
  } else if (target === dialog && dialog.open && outside(dialog, event)) {
    dialog.close();
  }
  target.closest("[data-dismiss]")?.closest(".notice")?.remove();
});

/** A click on the backdrop arrives at the dialog itself, outside its box. */
function outside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches("a[role=button]")) {
    event.preventDefault();
    event.target.click();
  }
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});

document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("input", (event) => event.target.matches("[data-confirm-name]") && checkName(event.target));

// A form that came back with mistakes: start at their summary.
document.querySelector("[data-error-summary]")?.focus();

// What is drawn anew while somebody answers a dialog in it must not shut that. Modules may run before htmx does, and some pages
// have none.
document.addEventListener("DOMContentLoaded", () =>
  window.htmx?.registerExtension("open-dialogs", {
    htmx_before_morph_attr: (element, { attrName }) => attrName !== "open" || element.tagName !== "DIALOG",
  }),
);
