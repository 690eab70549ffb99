import Domain
import Foundation
import Scheduling

/// A field that is not what a file wants it to be.
package struct Difference: Sendable, Equatable {
    let key: TextKey
    let there: JSONValue
    let wanted: JSONValue

    private static let longestValue = 60

    /// For people: `schedule "*/5 * * * *" -> "* * * * *"`. Of variables, which may be secret, only the names are told.
    package var text: String {
        if key == "env", case .object(let there) = there, case .object(let wanted) = wanted {
            return "env " + Self.names(there, wanted)
        }
        return "\(key.text) \(Self.shown(there)) -> \(Self.shown(wanted))"
    }

    private static func shown(_ value: JSONValue) -> String {
        value.serialized().shortened(to: longestValue)
    }

    private static func names(_ there: [TextKey: JSONValue], _ wanted: [TextKey: JSONValue]) -> String {
        Set(there.keys).union(wanted.keys).sorted().compactMap { name in
            switch (there[name], wanted[name]) {
            case (nil, _?): "+\(name.text)"
            case (_?, nil): "-\(name.text)"
            case (let left?, let right?) where left != .null && left != right: "~\(name.text)"
            default: nil
            }
        }.joined(separator: " ")
    }
}

extension DeclaredTask {
    /// What is not as it wants it to be in a task that is there.
    func differences(from there: JSONValue, _ marker: Marker, _ ids: [TextKey: String]) -> [Difference] {
        TaskField.all.compactMap { field in
            let present = there.member(field.key) ?? TaskField.usual(field)
            guard let wish = field.key == "tags" ? tags(with: marker) : wish(for: field) else { return nil }
            let known = field.kind == .tasks ? named(present, ids) : present
            let comparison = Comparison(field: field, zone: zone)
            return comparison.isSame(known, wish) ? nil : Difference(key: field.key, there: known, wanted: wish)
        }
    }

    /// The tags that the file gives, and its mark.
    func tags(with marker: Marker) -> JSONValue {
        let own = (fields["tags"]?.elements ?? []).compactMap(\.textValue)
        return .array((own + [marker.tag]).map(JSONValue.string))
    }

    /// Ids of tasks of the file by their names, as the file has them, unless it names the id itself.
    private func named(_ value: JSONValue, _ ids: [TextKey: String]) -> JSONValue {
        guard let present = value.elements?.compactMap(\.textValue) else { return value }
        let wanted = dependencies
        return .array(
            present.map { id in
                .string(wanted.contains(id) ? id : ids.first { $0.value == id }?.key.text ?? id)
            })
    }

    private var zone: ZoneRules {
        // A zone that is none was a fault of the file.
        (try? ZoneRules.named(fields["timezone"]?.textValue ?? "UTC")) ?? .utc
    }
}

extension TaskField {
    /// What a server that does not know a field is taken to have.
    fileprivate static func usual(_ field: TaskField) -> JSONValue {
        if case .value(let value) = field.otherwise { value } else { nil }
    }
}

/// Whether two values of a field mean the same.
private struct Comparison {
    let field: TaskField
    let zone: ZoneRules

    func isSame(_ there: JSONValue, _ wish: JSONValue) -> Bool {
        switch field.kind {
        case .set, .tasks: texts(there) == texts(wish)
        case .moment: instant(there) == instant(wish)
        case .variables: isSameEnvironment(there, wish)
        case .object: Self.plain(there) == Self.plain(wish)
        default: there == wish
        }
    }

    private func texts(_ value: JSONValue) -> Set<TextKey> {
        Set((value.elements ?? []).compactMap(\.textValue).map { TextKey($0) })
    }

    private func instant(_ value: JSONValue) -> Date? {
        value.textValue.flatMap(ISO8601.parse)?.resolved(in: zone)
    }

    /// A value that the server keeps to itself is taken to be the one that is wanted.
    private func isSameEnvironment(_ there: JSONValue, _ wish: JSONValue) -> Bool {
        guard case .object(let there) = there, case .object(let wish) = wish, there.keys == wish.keys else {
            return there == wish
        }
        return there.allSatisfy { name, value in value == .null || value == wish[name] }
    }

    /// Without members that are null, and with one spelling for each number.
    private static func plain(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(members.filter { $0.value != .null }.mapValues(plain))
        case .array(let elements): .array(elements.map(plain))
        case .integer(let number): .number(Double(number))
        default: value
        }
    }
}
