// The server renders; this only takes its newest rendering. Without it the page reloads itself.
"use strict";
async function refresh() {
	try {
		const answer = await fetch("/", { cache: "no-store" });
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		document.querySelector("main").replaceWith(page.querySelector("main"));
		document.title = page.title;
	} catch (error) {
		document.title = "sealift: no answer";
	}
	setTimeout(refresh, 1000);
}
setTimeout(refresh, 1000);
