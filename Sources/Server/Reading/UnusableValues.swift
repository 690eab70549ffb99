import Domain

/// Finds what no field can hold, however deep: NUL in a string or key, and numbers beyond 64 bits.
///
/// Looks no further once there are as many faults as an answer tells.
struct UnusableValues {
    private(set) var faults: [InputFault] = []
    private var place: [InputFault.Step] = []

    mutating func look(into value: JSONValue) {
        switch value {
        case .null, .bool, .integer, .number: break
        case .oversizedNumber: fail("must fit into 64 bits", type: "out_of_range")
        case .string(let text):
            if text.utf8.contains(0) { fail("must not hold a NUL character") }
        case .array(let elements):
            for (index, element) in elements.enumerated() where !isDone {
                inside(.index(index)) { $0.look(into: element) }
            }
        case .object(let members):
            for (key, value) in members.sorted(by: { $0.key < $1.key }) where !isDone {
                inside(.key(key.text)) { search in
                    guard !key.text.utf8.contains(0) else {
                        return search.fail("must not hold a NUL character in its name")
                    }
                    search.look(into: value)
                }
            }
        }
    }

    private var isDone: Bool { faults.count >= InputFault.limit }

    private mutating func inside(_ step: InputFault.Step, _ look: (inout UnusableValues) -> Void) {
        place.append(step)
        look(&self)
        place.removeLast()
    }

    private mutating func fail(_ message: String, type: String = "value_error") {
        faults.append(InputFault(place, message, type: type))
    }
}
