import EndToEndSupport
import Foundation

/// One operation of a description of the API.
struct DescribedOperation {
    let method: String
    let path: String
    let json: JSON

    var name: String { json["operationId"].string ?? "\(method) \(path)" }
}

extension JSON {
    /// The operations of a description, in the order of their paths.
    var operations: [DescribedOperation] {
        self["paths"].keys.sorted().flatMap { path in
            self["paths"][path].keys.sorted().map {
                DescribedOperation(method: $0.uppercased(), path: path, json: self["paths"][path][$0])
            }
        }
    }

    /// Every reference within, however deep.
    var references: Set<String> {
        let below = keys.map { self[$0] } + items
        let here = self["$ref"].string.map { [$0] } ?? []
        return below.reduce(into: Set(here)) { $0.formUnion($1.references) }
    }
}

/// The routes that docs/api.md tells of: `GET /tasks/{}`.
enum WrittenRoutes {
    static func all(in page: String) -> Set<String> {
        let methods = "(?:GET|POST|PUT|PATCH|DELETE)"
        guard
            let expression = try? NSRegularExpression(
                pattern: "^(?:\\| )?(\(methods)(?:, \(methods))*) (`/[^`]*`(?:, `/[^`]*`)*)",
                options: .anchorsMatchLines)
        else { return [] }
        let matches = expression.matches(in: page, range: NSRange(page.startIndex..., in: page))
        return matches.reduce(into: []) { routes, match in
            guard let methods = Range(match.range(at: 1), in: page), let paths = Range(match.range(at: 2), in: page)
            else { return }
            for method in page[methods].components(separatedBy: ", ") {
                for path in Self.paths(String(page[paths])) { routes.insert("\(method) \(path)") }
            }
        }
    }

    /// A path with nothing in its braces, and without the prefix.
    static func bare(_ path: String) -> String {
        let path = path.hasPrefix("/api/v1/") ? String(path.dropFirst("/api/v1".count)) : path
        return path.replacingOccurrences(of: "\\{[^}]*\\}", with: "{}", options: .regularExpression)
    }

    /// The paths of a cell: each after the first takes the place of the first's last step.
    private static func paths(_ cell: String) -> [String] {
        let all = cell.components(separatedBy: ", ").map { path in
            String(path.filter { $0 != "`" }.prefix { $0 != "?" })
        }
        guard let first = all.first, let slash = first.lastIndex(of: "/") else { return [] }
        return ([first] + all.dropFirst().map { first[..<slash] + $0 }).map(bare)
    }
}
