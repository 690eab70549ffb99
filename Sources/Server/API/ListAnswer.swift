import Domain

/// The part of a list that was asked for: an envelope for a page, a bare array for a slice.
struct ListAnswer<Row: JSONWritable>: JSONWritable {
    private let listing: Listing<Row>
    private let window: Window

    init(_ listing: Listing<Row>, _ window: Window) {
        self.listing = listing
        self.window = window
    }

    func write(to json: inout JSONWriter) {
        switch window {
        case .slice: writeRows(to: &json)
        case .page(let number, let size):
            json.object { json in
                json.member("items", writing: writeRows)
                json.member("page", number)
                json.member("page_size", size)
                json.member("total", listing.total)
            }
        }
    }

    private func writeRows(to json: inout JSONWriter) {
        listing.rows.write(to: &json)
    }
}
