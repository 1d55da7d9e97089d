namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The accept queue is full nearly all the time: the application accepts more slowly than connections come.</summary>
/// <remarks>A longer queue would only make them wait longer.</remarks>
public sealed class AcceptsTooSlowly : ICauseRule
{
    /// <summary>Mean use of a queue that is more than a burst.</summary>
    internal const double FullShare = 0.8;

    public CauseDescription About { get; } = new(
        Cause.AcceptsTooSlowly,
        Strength.Error,
        "a listener's queue overflows, and it is full nearly all the time",
        "a queue that is empty in between",
        "no sysctl heals this: accept faster, or run more copies");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (ListenQueue.Of(evidence) is not { } queue)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("connections that found the queue full", queue.Overflows, Text.Count, "at least 3", count => count >= 3)
            .Needs("mean use of the queue", queue.MeanUse, Text.Percent, $"over {Text.Percent(FullShare)}", use => use > FullShare)
            .Judge($"{queue.Where} accepts connections more slowly than they come: its queue is full {Text.Percent(queue.MeanUse)} on average", 1);
    }
}
