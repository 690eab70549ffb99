import HTTPTypes

/// A route without anything to call: only what the route table looks at.
struct Route: Sendable {
    let method: HTTPRequest.Method
    let templates: [String]

    init(_ method: HTTPRequest.Method, _ template: String) {
        self.method = method
        templates = [template]
    }
}
