import Domain
import Foundation

@testable import Reading

/// Any bytes as a form or query: every part is a pair or a fault, and a pair encoded anew is read as the same.
func fuzz(_ bytes: [UInt8]) {
    let bytes = swollen(bytes)
    let form = inLinearTime(bytes.count, "reading a form") { FormPairs(bytes, origin: .body) }
    require(form.pairs.count <= FormPairs.limit && form.faults.count <= InputFault.limit, "more than an answer tells")
    guard bytes.count <= longestInput else { return }
    let parts = bytes.split(separator: UInt8(ascii: "&"))
    if form.faults.isEmpty { require(form.pairs.count == parts.count, "a part is left out") }
    for (index, pair) in form.pairs.enumerated() {
        let (name, value) = ("\(pair.name)", pair.value)
        require(!name.utf8.contains(0) && !value.utf8.contains(0), "a NUL is let through")
        if form.faults.isEmpty {
            require(plainly(parts[index]) == [Array(name.utf8), Array(value.utf8)], "not as sent")
        }
        let again = FormPairs("\(encoded(name))=\(encoded(value))".utf8, origin: .body).pairs.first
        let isSame = again.map {
            Array("\($0.name)".utf8) == Array(name.utf8) && Array($0.value.utf8) == Array(value.utf8)
        }
        require(isSame == true || (name.isEmpty && value.isEmpty), "a pair does not come back")
    }
    let decoded = PercentEncoding.decode(bytes)
    if let decoded, !bytes.contains(UInt8(ascii: "%")) { require(Array(decoded.utf8) == bytes, "plain text changes") }
}

private func encoded(_ text: String) -> String {
    text.utf8.map { byte in "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: byte % 2 == 0) }.joined()
}

/// Name and value of a part, by Foundation's reading of it.
private func plainly(_ part: ArraySlice<UInt8>) -> [[UInt8]] {
    let text = String(decoding: part, as: UTF8.self).replacing("+", with: " ")
    let equals = text.utf8.firstIndex(of: UInt8(ascii: "="))
    let name = equals.map { text[..<$0] } ?? text[...]
    let value = equals.map { text[text.utf8.index(after: $0)...] } ?? ""
    return [name, value].map { Array((String($0).removingPercentEncoding ?? "broken").utf8) }
}
