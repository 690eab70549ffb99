import Foundation

@testable import Frames

/// What a command wrote, after two bytes for the limit: of any bytes comes a text within the limit, without NUL, that
/// is what was written wherever that was UTF-8 and short enough.
func fuzz(_ bytes: [UInt8]) {
    guard bytes.count > 2 else { return }
    let limit = Int(bytes[0]) << 8 | Int(bytes[1])
    let written = swollen(Array(bytes.dropFirst(2)))
    let captured = inLinearTime(written.count, "capturing output") {
        let window = window(written, limit: limit, piece: 1 + limit % 97)
        return CapturedOutput(head: window.head, tail: window.tail, total: window.total, limit: limit)
    }
    require(captured.total == written.count, "\(captured.total) bytes counted of \(written.count)")
    require(!captured.text.utf8.contains(0), "a NUL is let through")
    let mark = captured.isTruncated ? 64 : 0
    require(captured.text.utf8.count <= max(limit, mark), "\(captured.text.utf8.count) bytes of at most \(limit)")
    let plain = String(decoding: written, as: UTF8.self).replacing("\0", with: #"\0"#)
    if written.count <= longestInput, plain.utf8.count <= limit {
        require(captured.text.utf8.elementsEqual(plain.utf8) && !captured.isTruncated, "not the text that was written")
    }
    if plain.utf8.count > limit { require(captured.isTruncated, "what is cut is not marked") }
}

private func window(_ bytes: [UInt8], limit: Int, piece: Int) -> OutputWindow {
    var window = OutputWindow(limit: limit)
    for start in stride(from: 0, to: bytes.count, by: piece) {
        bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { window.append($0) }
    }
    let kept = window.head + window.tail
    require(kept.count == min(bytes.count, limit), "\(kept.count) bytes are kept of \(bytes.count), limit \(limit)")
    require(bytes.starts(with: window.head) && bytes.suffix(window.tail.count) == window.tail[...], "not the ends")
    return window
}
