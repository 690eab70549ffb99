import Domain
import HTTPTypes

/// The description of an API in the form of OpenAPI 3.1, made of its routes.
struct OpenAPIDocument: Sendable {
    let json: JSONValue

    /// The document of these routes; those without a description are left out.
    init(_ routes: [Route], version: String) {
        var paths: [TextKey: [TextKey: JSONValue]] = [:]
        var schemas = ProblemSchema.problem.parts
        for route in routes {
            guard let description = route.description else { continue }
            for (index, template) in route.templates.enumerated() {
                let operation = OpenAPIOperation(
                    route, index == 0 ? description : description.renamed("\(description.name)UnderPrefix"),
                    template: template)
                paths[TextKey(template), default: [:]][TextKey(route.method.rawValue.lowercased())] = operation.json
                schemas.merge(operation.schemas) { first, _ in first }
            }
        }
        let topics = Topic.allCases.filter { topic in routes.contains { $0.description?.topic == topic } }
        json = [
            "openapi": "3.1.0", "info": Self.info(version), "servers": [["url": "/"]],
            "tags": .array(topics.map { ["name": .string($0.rawValue), "description": .string($0.sentence)] }),
            "paths": .object(paths.mapValues(JSONValue.object)),
            "components": [
                "schemas": .object(schemas), "responses": .object(OpenAPIResponses.components),
                "headers": .object(OpenAPIResponses.headers), "securitySchemes": Self.securitySchemes,
            ],
        ]
    }

    private static func info(_ version: String) -> JSONValue {
        [
            "title": "qkron", "version": .string(version),
            "summary": "Runs commands on schedules and remembers what happened.",
            "description": .string(
                """
                Every path answers with and without a slash at its end, `HEAD` as `GET` without the body, and \
                `OPTIONS` with `Allow`; another method is answered 405. Unknown keys of a body and unknown parameters \
                of a query are ignored, and an empty parameter counts as none. Times are answered in UTC; one that is \
                sent without an offset is read in the task's `timezone`, elsewhere in UTC. Every error is a problem of \
                RFC 9457. Strings may not hold NUL. Bodies may have 1 MiB and be nested 64 deep.
                """),
            "license": ["name": "MIT", "identifier": "MIT"],
        ]
    }

    private static let securitySchemes: JSONValue = [
        "bearer": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The `access_token` of a login.",
        ],
        "apiKey": [
            "type": "apiKey", "in": "header", "name": "X-API-Key",
            "description": "A personal API key of the scope that the route names, or the service key.",
        ],
        "password": [
            "type": "oauth2", "description": "A login by username, or e-mail, and password.",
            "flows": ["password": ["tokenUrl": "/api/v1/auth/login", "scopes": [:]]],
        ],
    ]
}
