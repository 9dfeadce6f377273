// Comfort only: every page works without it.
"use strict";

const receipt = document.querySelector("#receipt");
if (receipt) {
  const zone = receipt.closest(".zone");
  const hint = zone.querySelector("[data-chosen]");
  const beside = document.querySelector(".beside");
  const check = () => {
    if (!receipt.files.length) return;
    hint.textContent = receipt.files[0].name;
    if (!beside?.open) receipt.form.requestSubmit();
  };
  receipt.addEventListener("change", check);
  // A file dropped beside the zone would make the browser leave the page and open it.
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.target.id === "credential") { event.target.files = event.dataTransfer.files; return; }
    if (event.dataTransfer.files.length) { receipt.files = event.dataTransfer.files; check(); }
  });
}

// Times in the reader's own zone and way of writing.
const day = { day: "numeric", month: "long", year: "numeric" };
const clock = { hour: "2-digit", minute: "2-digit" };
for (const time of document.querySelectorAll("time")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  const today = moment.toDateString() === new Date().toDateString();
  const form = "clock" in time.dataset && today ? clock : "moment" in time.dataset || "clock" in time.dataset ? { ...day, ...clock } : day;
  time.textContent = new Intl.DateTimeFormat(undefined, form).format(moment);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Whoever comes back to a pending page sees how far it is now.
if (document.querySelector("[data-pending]")) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) location.reload(); });
}
