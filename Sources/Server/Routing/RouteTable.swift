import Domain
import HTTPTypes

/// All routes, found by path and method. Fixed words win over what varies.
struct RouteTable: Sendable {
    private final class Node: Sendable {
        let words: [TextKey: Node]
        let variable: (name: String, node: Node)?
        let routes: [HTTPRequest.Method: Route]
        let template: String

        init(
            words: [TextKey: Node], variable: (name: String, node: Node)?, routes: [HTTPRequest.Method: Route],
            template: String
        ) {
            self.words = words
            self.variable = variable
            self.routes = routes
            self.template = template
        }
    }

    /// What a path and method lead to.
    enum Match: Sendable {
        case route(Route, template: String, PathValues)
        /// The path is known, the method is not, or is `OPTIONS`.
        case otherMethod(allowed: [HTTPRequest.Method], template: String)
        case nothing
    }

    private let root: Node

    /// The table of these routes. Two of the same method and path are a mistake of the program.
    init(_ routes: [Route]) {
        let entries = routes.flatMap { route in
            route.templates.map { (steps: Self.steps(of: $0), template: $0, route: route) }
        }
        root = Self.node(entries[...], depth: 0)
    }

    private typealias Entry = (steps: [Substring], template: String, route: Route)

    private static func node(_ entries: ArraySlice<Entry>, depth: Int) -> Node {
        let here = entries.filter { $0.steps.count == depth }
        let deeper = Dictionary(grouping: entries.filter { $0.steps.count > depth }) { $0.steps[depth] }
        var words: [TextKey: Node] = [:]
        var variable: (name: String, node: Node)?
        for (step, entries) in deeper {
            let child = node(entries[...], depth: depth + 1)
            if step.hasPrefix("{") {
                precondition(variable == nil, "two names for what varies at the same place")
                variable = (String(step.dropFirst().dropLast()), child)
            } else {
                words[TextKey(String(step))] = child
            }
        }
        let routes = Dictionary(here.map { ($0.route.method, $0.route) }) { _, _ in
            preconditionFailure("two routes of the same method and path")
        }
        return Node(words: words, variable: variable, routes: routes, template: here.first?.template ?? "")
    }

    /// The steps of a template.
    private static func steps(of template: String) -> [Substring] {
        template.split(separator: "/")
    }

    /// What `path`, still percent-encoded and without a query, leads to; one slash at the end makes no difference.
    func match(_ method: HTTPRequest.Method, path: String) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        var node = root
        var values = PathValues()
        var rest = path[...].utf8.dropFirst()
        while !rest.isEmpty {
            let step = rest.prefix { $0 != UInt8(ascii: "/") }
            guard let next = Self.next(after: node, by: step, &values) else { return .nothing }
            node = next
            rest = rest[step.endIndex...].dropFirst()
        }
        guard !node.routes.isEmpty else { return .nothing }
        let wanted = method == .head && node.routes[.head] == nil ? .get : method
        if let route = node.routes[wanted] { return .route(route, template: node.template, values) }
        return .otherMethod(allowed: Self.allowed(node.routes), template: node.template)
    }

    private static func next(after node: Node, by step: Substring.UTF8View, _ values: inout PathValues) -> Node? {
        let isEncoded = step.contains(UInt8(ascii: "%"))
        let text = isEncoded ? PercentEncoding.decode(step) : String(Substring(step))
        if !node.words.isEmpty, let text, let next = node.words[TextKey(text)] { return next }
        guard let variable = node.variable, !step.isEmpty else { return nil }
        values.add(text, named: variable.name)
        return variable.node
    }

    private static func allowed(_ routes: [HTTPRequest.Method: Route]) -> [HTTPRequest.Method] {
        var methods = Set(routes.keys)
        if methods.contains(.get) { methods.insert(.head) }
        methods.insert(.options)
        return methods.sorted { $0.rawValue < $1.rawValue }
    }
}

/// What stands in a path where its template has names; a value that is not percent-encoded UTF-8 is nil.
struct PathValues: Sendable {
    /// A path has so few that looking through them is faster than a hash.
    private var values: [(name: String, value: String?)] = []

    subscript(name: String) -> String? {
        values.first { $0.name == name }?.value
    }

    fileprivate mutating func add(_ value: String?, named name: String) {
        values.append((name, value))
    }
}
