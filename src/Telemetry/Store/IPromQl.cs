using System.Collections.Immutable;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store;

/// <summary>Answers PromQL: by evaluating it over a store's samples, or by asking a server that does.</summary>
public interface IPromQl
{
    /// <summary>What the query gives at one moment.</summary>
    /// <exception cref="PromQlException">The query is refused, does not fit the data, or is too large.</exception>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    ValueTask<QueryAnswer> QueryAsync(string query, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>What the query gives at each step.</summary>
    /// <exception cref="PromQlException">The query is refused, does not fit the data, or is too large.</exception>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    ValueTask<QueryAnswer> QueryRangeAsync(string query, QuerySteps steps, CancellationToken cancellationToken);
}

/// <summary>The moments of a range query: from the start on, as long as they are not after the end.</summary>
/// <param name="From">The first.</param>
/// <param name="To">Not before <paramref name="From"/>.</param>
/// <param name="Step">At least a millisecond.</param>
public readonly record struct QuerySteps(DateTimeOffset From, DateTimeOffset To, TimeSpan Step)
{
    public long Count => ((To - From).Ticks / Step.Ticks) + 1;
}

/// <summary>What a query gave.</summary>
public abstract record QueryAnswer
{
    private QueryAnswer()
    {
    }

    public sealed record Scalar(long UnixMilliseconds, double Value) : QueryAnswer;

    public sealed record Text(long UnixMilliseconds, string Value) : QueryAnswer;

    /// <summary>One sample a series.</summary>
    public sealed record Vector(ImmutableArray<VectorSample> Samples) : QueryAnswer;

    /// <summary>Several samples a series.</summary>
    /// <param name="Series">To be enumerated once: it may be read from the store meanwhile.</param>
    public sealed record Matrix(IEnumerable<TimeSeries> Series) : QueryAnswer;
}

public readonly record struct VectorSample(LabelSet Labels, long UnixMilliseconds, double Value);
