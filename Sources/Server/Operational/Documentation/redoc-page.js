// A file of its own, so that the page needs no script within it.
Redoc.init(
  "/openapi.json",
  { hideDownloadButton: false, sortTagsAlphabetically: false },
  document.getElementById("description"),
);
