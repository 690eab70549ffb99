import Domain
import HTTPTypes

/// The route at the very top, which tells who is there.
struct RootRoutes {
    let version: String

    var routes: [Route] {
        [
            Route(.get, "/", .root, base: .root, access: .anonymous) { _ in
                ["name": "qkron", "version": .string(version), "docs": "/docs"]
            }
        ]
    }
}
