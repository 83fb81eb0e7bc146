// The server renders; this only takes its newest rendering. Without it the page reloads itself.
"use strict";
let answered = new Date();
const lost = document.getElementById("lost");
async function refresh() {
	try {
		const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		const main = page.querySelector("main");
		if (!answer.ok || main === null)
			throw new Error("no page");
		document.querySelector("main").replaceWith(main);
		document.title = page.title;
		answered = new Date();
		lost.hidden = true;
	} catch (error) {
		const since = answered.toISOString().replace("T", " ").slice(0, 19);
		document.title = "sealift: no answer";
		lost.textContent = "No answer from the server since " + since + " UTC: what is below is of then.";
		lost.hidden = false;
	}
	setTimeout(refresh, 1000);
}
setTimeout(refresh, 1000);
