import Domain
import HTTPTypes

/// One thing that may be asked over HTTP, declared once: the table of routes, the check of access, the answers to
/// unknown paths and methods and the description of the API all follow from it.
struct Route: Sendable {
    /// Where a path begins.
    enum Base: Sendable {
        /// Under `/api/v1`.
        case api
        /// At the root of the server.
        case root
        /// At both.
        case both
    }

    typealias Handler = @Sendable (Call) async throws -> Answer

    let method: HTTPRequest.Method
    /// The path with `{names}` for what varies, without the base.
    let path: String
    let base: Base
    /// What is told of the route; nil: it stands in no document.
    let description: RouteDescription?
    /// What it answers when all goes well and there is a body.
    let status: HTTPResponse.Status
    let access: AccessRule
    /// What a personal API key must be made for to reach the route; nil: no such key does.
    let scope: APIKeyScope?
    let handler: Handler
    /// What its requests count as where they are limited.
    private(set) var kind = RequestKind.other

    /// A route that answers as `handler` does.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ description: RouteDescription? = nil, base: Base = .api,
        access: AccessRule, scope: APIKeyScope? = nil, answering handler: @escaping Handler
    ) {
        self.init(method, path, description, base: base, access: access, scope: scope, status: .ok, answering: handler)
    }

    /// A route that answers as `handler` does, under another status than 200.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ description: RouteDescription? = nil, base: Base = .api,
        access: AccessRule, scope: APIKeyScope? = nil, status: HTTPResponse.Status, answering handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.base = base
        self.description = description
        self.access = access
        self.scope = scope
        self.status = status
        self.handler = handler
    }

    /// A route that answers JSON under `status`; of its own, so that handlers can write the value as a literal.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ description: RouteDescription? = nil, base: Base = .api,
        access: AccessRule, scope: APIKeyScope? = nil, status: HTTPResponse.Status = .ok,
        json handler: @escaping @Sendable (Call) async throws -> JSONValue
    ) {
        self.init(method, path, description, base: base, access: access, scope: scope, status: status) { call in
            .json(try await handler(call), status: status)
        }
    }

    /// A route that answers what writes itself as JSON.
    init(
        _ method: HTTPRequest.Method, _ path: String, _ description: RouteDescription? = nil, base: Base = .api,
        access: AccessRule, scope: APIKeyScope? = nil, status: HTTPResponse.Status = .ok,
        json handler: @escaping @Sendable (Call) async throws -> some JSONWritable
    ) {
        self.init(method, path, description, base: base, access: access, scope: scope, status: status) { call in
            .json(try await handler(call), status: status)
        }
    }

    /// The route, its requests counted as `kind`.
    func counted(as kind: RequestKind) -> Route {
        var route = self
        route.kind = kind
        return route
    }

    /// The whole paths that the route answers on.
    var templates: [String] {
        let prefixed = "/api/v1" + path
        switch base {
        case .api: return [prefixed]
        case .root: return [path]
        case .both: return [path, prefixed]
        }
    }
}
