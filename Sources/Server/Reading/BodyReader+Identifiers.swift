import Domain

extension BodyReader {
    /// An array of so many ids.
    mutating func identifiers<Entity>(_ key: TextKey, count: ClosedRange<Int>) -> Sent<[Identifier<Entity>]> {
        guard let value = self[key] else { return .nothing }
        guard case .array(let elements) = value else {
            fail(key, "must be an array of ids", type: "list_type")
            return .nothing
        }
        guard count.contains(elements.count) else {
            let isShort = elements.count < count.lowerBound
            fail(
                key,
                isShort
                    ? "must have at least \(count.lowerBound) entries"
                    : "must have at most \(count.upperBound) entries",
                type: isShort ? "too_short" : "too_long")
            return .nothing
        }
        var ids: [Identifier<Entity>] = []
        var faults: [InputFault] = []
        for (index, element) in elements.enumerated() where faults.count < InputFault.limit {
            if case .string(let text) = element, let id = Identifier<Entity>(text) {
                ids.append(id)
            } else {
                faults.append(InputFault([.key(key.text), .index(index)], "must be a UUID", type: "uuid_parsing"))
            }
        }
        add(faults)
        return faults.isEmpty ? .value(ids) : .nothing
    }
}
