namespace NetPulse.Telemetry.Store;

/// <summary>Why a query has no answer.</summary>
public enum PromQlFault
{
    /// <summary>It is no query, or names what is not known here; the same query never succeeds.</summary>
    Refused,

    /// <summary>The query is well formed, and the data do not fit it, as two series for one match.</summary>
    Failed,

    /// <summary>It would take more samples, points or series than is allowed.</summary>
    TooLarge,
}

/// <summary>A query was not answered.</summary>
public sealed class PromQlException(PromQlFault fault, string message) : Exception(message)
{
    public PromQlFault Fault { get; } = fault;

    /// <param name="query">Whose line and column are told, both from 1.</param>
    /// <param name="position">In characters of the query.</param>
    /// <param name="message">What is wrong there.</param>
    internal static PromQlException At(string query, int position, string message)
    {
        var before = query.AsSpan(0, Math.Min(position, query.Length));
        var column = before.Length - (before.LastIndexOf('\n') + 1) + 1;
        return new PromQlException(PromQlFault.Refused, $"{before.Count('\n') + 1}:{column}: parse error: {message}");
    }

    internal static PromQlException Failed(string message) => new(PromQlFault.Failed, message);
}
