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

    /// The steps of a path; one slash at the end makes no difference.
    private static func steps(of path: some StringProtocol) -> [Substring] {
        var steps = Substring(path).utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        if steps.first?.isEmpty == true { steps.removeFirst() }
        if steps.last?.isEmpty == true { steps.removeLast() }
        return steps
    }

    /// What `path`, still percent-encoded and without a query, leads to.
    func match(_ method: HTTPRequest.Method, path: String) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        var node = root
        var values = PathValues()
        for step in Self.steps(of: path) {
            let isEncoded = step.utf8.contains(UInt8(ascii: "%"))
            let text = isEncoded ? PercentEncoding.decode(step.utf8) : String(step)
            if let text, let next = node.words[TextKey(text)] {
                node = next
            } else if let variable = node.variable, !step.isEmpty {
                values[variable.name] = text
                node = variable.node
            } else {
                return .nothing
            }
        }
        guard !node.routes.isEmpty else { return .nothing }
        let wanted = method == .head && node.routes[.head] == nil ? .get : method
        if let route = node.routes[wanted] { return .route(route, template: node.template, values) }
        return .otherMethod(allowed: Self.allowed(node.routes), template: node.template)
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
    private var values: [String: String?] = [:]

    subscript(name: String) -> String? {
        get { values[name] ?? nil }
        set { values.updateValue(newValue, forKey: name) }
    }
}
