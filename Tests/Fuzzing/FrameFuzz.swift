import Foundation

@testable import Frames

/// A stream between server and executor, the first byte telling who speaks: it is cut into frames however it arrives,
/// and a message that is understood is written as one that is understood the same.
func fuzz(_ bytes: [UInt8]) {
    let isOrder = bytes.first.map { $0 % 2 == 0 } ?? true
    let stream = Array(bytes.dropFirst())
    let whole = frames(in: stream, piece: max(stream.count, 1))
    require(whole == frames(in: stream, piece: 3), "frames depend on how they arrive")
    for frame in whole {
        inLinearTime(bytes.count, "reading a frame") {
            if isOrder { checkOrder(frame) } else { checkReport(frame) }
        }
    }
}

private func frames(in stream: [UInt8], piece: Int) -> [[UInt8]] {
    var buffer = FrameBuffer()
    var found: [[UInt8]] = []
    for start in stride(from: 0, to: stream.count, by: piece) {
        stream[start..<min(start + piece, stream.count)].withUnsafeBytes { buffer.append($0) }
        do {
            while let (kind, fields) = try buffer.next() { found.append([kind] + fields) }
        } catch {
            return found
        }
    }
    return found
}

private func checkOrder(_ frame: [UInt8]) {
    guard let order = try? ExecutorOrder(kind: frame[0], fields: frame[1...]) else { return }
    var writer = FrameWriter()
    order.encode(into: &writer)
    let again = try? ExecutorOrder(kind: writer.bytes[4], fields: writer.bytes[5...])
    require(again == order, "an order comes back as another: \(order)")
}

private func checkReport(_ frame: [UInt8]) {
    guard let report = try? ExecutorReport(kind: frame[0], fields: frame[1...]) else { return }
    var writer = FrameWriter()
    report.encode(into: &writer)
    let again = try? ExecutorReport(kind: writer.bytes[4], fields: writer.bytes[5...])
    require(again == report, "a report comes back as another: \(report)")
}
