import Foundation

/// What libFuzzer calls with every input; each target says in `fuzz` what must hold for it.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz([UInt8](UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the run, and so reports the input, unless the claim holds.
func require(
    _ claim: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    if !claim() { fatalError("violated: \(message())", file: file, line: line) }
}

/// The value, or the end of the run.
func require<Value>(
    _ value: Value?, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Value {
    guard let value else { fatalError("violated: \(message())", file: file, line: line) }
    return value
}

/// Does the work and ends the run if it took much more of the processor than its share for so many bytes.
///
/// The share is some ten times what an input needs under the sanitizer, so a busy machine raises no alarm;
/// what takes the square of the length passes it at some ten thousand bytes.
func inLinearTime<Value>(_ bytes: Int, _ what: String, _ work: () -> Value) -> Value {
    let start = processorTime()
    let value = work()
    let spent = processorTime() - start
    require(spent < 0.1 + Double(bytes) * 5e-6, "\(what) of \(bytes) bytes took \(Int(spent * 1_000)) ms")
    return value
}

private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The input with what stands between two bytes 0xFE, which no UTF-8 holds, repeated until it fills 64 KiB: so a
/// few bytes reach the lengths at which the square of a length shows.
func swollen(_ bytes: [UInt8]) -> [UInt8] {
    let parts = bytes.split(separator: 0xFE, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty else { return bytes }
    let times = 65_536 / parts[1].count
    return Array(parts[0]) + repeatElement(parts[1], count: times).joined() + parts[2]
}

/// How long an input is that is not swollen; only such inputs go through the slow checks.
let longestInput = 4_096

/// A text that people and logs may be shown: one line of characters that can be seen, and blanks.
func isPlainLine(_ message: String) -> Bool {
    !message.isEmpty
        && message.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
            case .spaceSeparator: scalar == " "
            default: true
            }
        }
}

/// Numbers and choices taken from an input, byte by byte; zeros once it is spent.
struct Choices {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isSpent: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func bits() -> UInt64 { (0..<8).reduce(0) { sum, _ in sum << 8 | UInt64(byte()) } }

    mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(bits() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func among<Value>(_ values: [Value]) -> Value { values[Int(byte()) % values.count] }
}

/// The first line of an input, and the choices that the rest of it makes.
func textAndChoices(_ bytes: [UInt8]) -> (text: String, choices: Choices) {
    let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    return (String(decoding: bytes[..<end], as: UTF8.self), Choices(bytes[end...].dropFirst()))
}
