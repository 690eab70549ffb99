import Domain
import Scheduling
import Testing

@testable import Server

private func fault(_ value: JSONValue, _ read: (inout BodyReader) -> Void) -> InputFault? {
    var reader = BodyReader(["f": value])
    read(&reader)
    return reader.faults.first
}

@Test(arguments: ["ab", "abcd", "äöü"])
func `a string within its bounds is taken as sent`(text: String) {
    var reader = BodyReader(["f": .string(text)])
    #expect(reader.string("f", length: 2...4).or("") == text)
    #expect(reader.faults.isEmpty)
}

@Test(arguments: [
    (JSONValue.string("a"), "string_too_short"), ("abcde", "string_too_long"), ("e\u{301}e\u{301}e", "string_too_long"),
    (5, "string_type"), (nil, "string_type"), ("a\0b", "value_error"),
])
func `a string out of its bounds is a fault`(value: JSONValue, type: String) {
    #expect(fault(value) { _ = $0.string("f", length: 2...4) }?.type == type)
}

@Test(arguments: [JSONValue.string("5"), 5.5, 5.0, true, nil, 0, 11, .oversizedNumber("99999999999999999999")])
func `only whole numbers of the range are integers`(value: JSONValue) {
    let fault = fault(value) { _ = $0.integer("f", in: 1...10) }
    #expect(fault?.place == ["f"])
    #expect(fault?.origin == .body)
}

@Test(arguments: [JSONValue.string("true"), 1, 0, nil])
func `only JSON booleans are booleans`(value: JSONValue) {
    #expect(fault(value) { _ = $0.bool("f") }?.type == "bool_type")
}

@Test func `an unknown word is told the words there are`() {
    let fault = fault("never") { _ = $0.choice("f", of: MisfirePolicy.self) }
    #expect(fault?.message == "must be one of: fire_once, skip, fire_all")
}

@Test func `a set of strings keeps each once and tells every bad one`() {
    var reader = BodyReader(["good": ["b", "a", "b"], "bad": ["", "ok", 5]])
    #expect(reader.strings("good", count: 3, length: 1...3).or([]) == ["b", "a"])
    #expect(!reader.strings("bad", count: 3, length: 1...3).isSent)
    #expect(reader.faults.map(\.place) == [["bad", .index(0)], ["bad", .index(2)]])
}

@Test func `reading stops at as many faults as are told, and an array that is too long is not looked into`() {
    let values = [JSONValue](repeating: "\0", count: 5_000)
    #expect(BodyReader(["f": .array(values)]).faults.count == InputFault.limit)
    let keys = Dictionary(uniqueKeysWithValues: (0..<5_000).map { (TextKey("\($0)\0"), JSONValue.null) })
    #expect(BodyReader(["f": .object(keys)]).faults.count == InputFault.limit)
    let numbers = JSONValue.array((0..<5_000).map(JSONValue.integer))
    var reader = BodyReader(["f": numbers])
    #expect(!reader.strings("f", count: 50, length: 1...64).isSent)
    #expect(reader.faults.map(\.type) == ["too_long"])
}

@Test func `null is a value only where it may be`() {
    var reader = BodyReader(["f": nil])
    let text = reader.orNull("f") { $0.string("f", length: 1...3) }
    #expect(text.isSent)
    #expect(text.or("x") == nil)
    #expect(reader.faults.isEmpty)
}

@Test func `what no field can hold is found at any depth`() {
    let reader = BodyReader(["a": ["b": [["c": "x\0"]]], "d\0": 1, "e": [.oversizedNumber("1e999")]])
    #expect(Set(reader.faults.map(\.place)) == [["a", "b", .index(0), "c"], [.key("d\0")], ["e", .index(0)]])
}

@Test func `every fault of a task is found at once`() {
    let draft = TaskDraft(creating: [
        "name": "", "description": 5, "priority": 11, "timeout": 0, "is_active": "yes", "tags": [""], "jitter": -5,
        "dependencies": ["x"], "callback_url": "example.org", "task_type": "email", "misfire_policy": nil,
        "starts_at": "tomorrow", "command": nil,
    ])
    let expected: Set<InputFault.Step> = [
        "name", "description", "priority", "timeout", "is_active", "tags", "jitter", "dependencies", "callback_url",
        "task_type", "misfire_policy", "starts_at", "command",
    ]
    #expect(Set(draft.faults.compactMap(\.place.first)) == expected)
}

@Test func `a default of what comes later is no fault`() {
    let draft = TaskDraft(creating: [
        "dst_policy": "standard", "jitter": 0, "secret_env": [], "limits": [:], "requires": [], "dependencies": nil,
        "callback_url": nil, "payload": ["to": "x"], "retry_count": 7, "status": "running",
    ])
    #expect(draft.faults.isEmpty)
    #expect(!draft.cancels)
}

@Test(
    arguments: [
        (["status": "cancelled"], true, nil), (["status": "cancelled", "is_active": false], true, nil),
        (["status": "cancelled", "is_active": true], false, "is_active"), (["status": "pending"], false, "status"),
        (["status": nil], false, "status"),
    ] as [([TextKey: JSONValue], Bool, String?)])
func `a change can only cancel`(members: [TextKey: JSONValue], cancels: Bool, fault: String?) {
    let draft = TaskDraft(changing: members)
    #expect(draft.cancels == cancels)
    #expect(draft.faults.first?.place == fault.map { [.key($0)] })
}
