namespace NetPulse.Kubernetes.Client;

/// <summary>Why something that is done now and then could not be done lately. Safe for use by several threads.</summary>
public sealed class LatestProblem(TimeProvider time)
{
    /// <summary>What nobody tried again is not known any more.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    private Failure? latest;

    /// <summary>Empty where it was done the last time, or not tried for a minute.</summary>
    public string Text => Volatile.Read(ref latest) is { } known && time.GetUtcNow() - known.At < Life ? known.Text : "";

    public void Failed(string why) => Volatile.Write(ref latest, new Failure(why, time.GetUtcNow()));

    public void Succeeded() => Volatile.Write(ref latest, null);

    private sealed record Failure(string Text, DateTimeOffset At);
}
