// Keeps the counts of the page new. Without it they are as of when the page was loaded.
"use strict";

const pause_ms = 2000;
const names = ["requests", "conflicts", "retries", "commits", "rejected", "in_flight", "queue"];

function show(id, text) {
  const place = document.getElementById(id);
  if (place.textContent !== text) place.textContent = text;
}

function show_state(name, text) {
  document.getElementById("state").className = name;
  show("state", text);
}

async function refresh() {
  try {
    const answer = await fetch("/status", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const now = await answer.json();
    for (const name of names) show(name, String(now[name]));
    show("pool", `${now.pool.busy} of ${now.pool.most} busy`);
    show_state(now.database, now.database === "away" ? "the database is away" : "ready");
    show("note", "New every two seconds.");
  } catch {
    show_state("away", "the server does not answer");
    show("note", "The counts are old.");
  }
  setTimeout(refresh, document.hidden ? 5 * pause_ms : pause_ms);
}

refresh();
