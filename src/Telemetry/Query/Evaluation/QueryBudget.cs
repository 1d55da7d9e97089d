using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>How much one query may still read and compute. One query, one thread.</summary>
internal sealed class QueryBudget(PromQlLimits limits)
{
    private long samples;
    private long series;

    /// <exception cref="PromQlException">It is used up.</exception>
    public void Take(long count)
    {
        samples += count;
        if (samples > limits.Samples)
        {
            throw TooLarge($"query processing would load too many samples into memory in query execution: more than {limits.Samples}");
        }
    }

    /// <exception cref="PromQlException">It is used up.</exception>
    public void TakeSeries(int count)
    {
        series += count;
        if (series > limits.Series)
        {
            throw TooLarge($"the query selects {series} series; {limits.Series} are allowed");
        }
    }

    private static PromQlException TooLarge(string message) => new(PromQlFault.TooLarge, message);
}
