/// What every event does in every state: `next/action`, or the action alone where the state stays,
/// `-` where nothing happens at all. One block for each few states.
enum LifecycleTable {
    static let blocks = [
        """
        event           intent           sent             open              partial
        intentSaved     sent/send        -                -                 -
        abandoned       rejected/finish  -                -                 -
        closedAtMark    -                cancelled/finish -                 -
        acknowledged    open/save        open/save        -                 -
        reportNew       open/save        open/save        -                 -
        reportPartial   partial/save     partial/save     partial/save      save
        reportFilled    filled/await     filled/await     filled/await      filled/await
        reportExpired   expired/finish   expired/finish   expired/finish    expired/await
        reportRejected  rejected/finish  rejected/finish  rejected/finish   rejected/await
        reportOther     open/save        open/save        -                 -
        cancelAccepted  cancelled/finish cancelled/finish cancelled/finish  cancelled/await
        fillPart        partial/query    partial/save     partial/save      save
        fillWhole       filled/await     filled/await     filled/await      filled/await
        fillEarly       partial/query    partial/save     partial/-        -
        fillBooked      save             save             save              save
        notFoundEarly   -                -                unknown/save      unknown/save
        notFoundLate    -                -                unknown/save      unknown/save
        definiteReject  -                rejected/finish  query             query
        duplicate       -                unknown/query    -                 -
        outcomeUnknown  -                unknown/query    -                 -
        cancelRequested -                -                cancelling/cancel cancelling/cancel
        cancelNotFound  -                query            query             query
        cancelRefused   -                -                -                 -
        cancelUnknown   -                query            query             query
        amendRequested  -                -                amending/amend    amending/amend
        amendAccepted   open/save        open/save        -                 -
        amendRejected   -                -                -                 -
        amendUnknown    -                -                -                 -
        amendAbandoned  -                -                -                 -
        foundLate       open/save        open/save        -                 -
        """,
        """
        event           cancelling       amending          unknown
        intentSaved     -                -                 -
        abandoned       -                -                 -
        closedAtMark    -                -                 -
        acknowledged    -                -                 open/save
        reportNew       -                -                 open/save
        reportPartial   save             save              partial/save
        reportFilled    filled/await     filled/await      filled/await
        reportExpired   expired/finish   expired/finish    expired/finish
        reportRejected  rejected/finish  rejected/finish   rejected/finish
        reportOther     -                -                 open/save
        cancelAccepted  cancelled/finish cancelled/finish  cancelled/finish
        fillPart        save             save              partial/save
        fillWhole       filled/await     query             filled/await
        fillEarly       -                -                partial/save
        fillBooked      save             save              save
        notFoundEarly   unknown/save     unknown/save      -
        notFoundLate    unknown/save     unknown/save      -
        definiteReject  query            query             rejected/finish
        duplicate       -                -                 query
        outcomeUnknown  -                -                 query
        cancelRequested -                cancelling/cancel cancel
        cancelNotFound  query            query             query
        cancelRefused   open/save        -                 -
        cancelUnknown   query            query             query
        amendRequested  -                -                 -
        amendAccepted   -                open/save         open/save
        amendRejected   -                open/query        -
        amendUnknown    -                query             -
        amendAbandoned  -                open/save         -
        foundLate       -                open/save         open/save
        """,
        """
        event           filled cancelled    rejected         expired
        intentSaved     -      -            -                -
        abandoned       -      -            -                -
        closedAtMark    -      -            -                -
        acknowledged    -      -            open/save        -
        reportNew       -      -            open/save        -
        reportPartial   -      await        partial/save     await
        reportFilled    -      filled/await filled/await     filled/await
        reportExpired   -      -            expired/finish   -
        reportRejected  -      -            -                -
        reportOther     -      -            open/save        -
        cancelAccepted  -      -            cancelled/finish -
        fillPart        await  await        partial/query    await
        fillWhole       await  filled/await filled/await     filled/await
        fillEarly       await  await        partial/query    await
        fillBooked      await  finish       finish           finish
        notFoundEarly   -      -            -                -
        notFoundLate    -      -            -                -
        definiteReject  -      -            -                -
        duplicate       -      -            -                -
        outcomeUnknown  -      -            -                -
        cancelRequested -      -            -                -
        cancelNotFound  -      -            -                -
        cancelRefused   -      -            -                -
        cancelUnknown   -      -            -                -
        amendRequested  -      -            -                -
        amendAccepted   -      -            open/save        -
        amendRejected   -      -            -                -
        amendUnknown    -      -            -                -
        amendAbandoned  -      -            -                -
        foundLate       -      -            open/save        -
        """,
    ]
}
