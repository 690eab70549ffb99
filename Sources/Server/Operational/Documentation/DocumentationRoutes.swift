import Domain
import HTTPTypes

/// The routes that describe the API: as a document for programs, as pages for people.
struct DocumentationRoutes {
    /// Scripts and styles of our own origin alone. Both pages style their parts within them; ReDoc searches in a worker
    /// that it makes of its own script.
    private static let contentPolicy = """
        default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
        font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'
        """

    private let document: [UInt8]
    private let assets: DocumentationAssets

    /// The routes that describe `others` and themselves.
    static func describing(_ others: [Route], version: String, assets: DocumentationAssets) -> [Route] {
        // The document tells of the route that serves it, which therefore is made twice.
        let described = others + DocumentationRoutes(document: [], assets: assets).routes
        let document = OpenAPIDocument(described, version: version)
        return DocumentationRoutes(document: document.json.serializedBytes(), assets: assets).routes
    }

    private var routes: [Route] {
        [
            Route(.get, "/openapi.json", .openAPI, base: .both, access: .open) { [document] _ in
                Answer(status: .ok, mediaType: "application/json", body: document, headers: Self.freshness)
            },
            Route(.get, "/docs", .swaggerPage, base: .root, access: .open) { [assets] _ in
                Self.answer(page: assets.swaggerPage)
            },
            Route(.get, "/redoc", .redocPage, base: .root, access: .open) { [assets] _ in
                Self.answer(page: assets.redocPage)
            },
            // What the pages are made of is nothing that a program would ask for.
            Route(.get, "/docs/assets/{file_name}", nil, base: .root, access: .open, answering: asset),
        ]
    }

    @Sendable private func asset(_ call: Call) throws -> Answer {
        guard let name = call.path["file_name"].flatMap(DocumentationAssets.Name.init(named:)), let file = assets[name]
        else { throw Problem(.notFound, "There is no such file.") }
        return Answer(status: .ok, mediaType: name.mediaType, body: file, headers: Self.freshness)
    }

    private static func answer(page: [UInt8]?) -> Answer {
        guard let page else {
            // Once the files are there, nobody shall be told that they are not.
            return Answer.page(
                PackageResources.missing_html, policy: contentPolicy, headers: [.cacheControl: "no-store"])
        }
        return Answer.page(page, policy: contentPolicy, headers: freshness)
    }

    /// An update of the server is seen soon, and a page that is opened again asks for nothing.
    private static let freshness: HTTPFields = [.cacheControl: "public, max-age=300"]
}

extension RouteDescription {
    fileprivate static let openAPI = RouteDescription(
        "showDescription", .description, "This description", detail: "OpenAPI 3.1.",
        answers: .json(.anyObject))
    fileprivate static let swaggerPage = RouteDescription(
        "showSwaggerUI", .description, "This description as a page, with requests to try",
        answers: .texts(mediaTypes: ["text/html"]))
    fileprivate static let redocPage = RouteDescription(
        "showReDoc", .description, "This description as a page", answers: .texts(mediaTypes: ["text/html"]))
}
