import Foundation

/// One name and value of a query.
package struct Query: Sendable, Equatable {
    let name: String
    let value: String

    /// The pair of these.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    fileprivate static let plain = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}

extension [Query] {
    /// What follows the path, its question mark included; empty without any.
    var text: String {
        guard !isEmpty else { return "" }
        let pairs = map { pair in
            // Every text can be written in percent signs.
            "\(pair.name)=\(pair.value.addingPercentEncoding(withAllowedCharacters: Query.plain) ?? "")"
        }
        return "?" + pairs.joined(separator: "&")
    }
}
