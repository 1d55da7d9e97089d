namespace NetPulse.Telemetry.Store;

/// <summary>A store did not do what it was asked to.</summary>
/// <param name="tried">What was tried, and where.</param>
/// <param name="remedy">What the operator can do.</param>
/// <param name="retryable">Whether the same request may succeed later.</param>
public sealed class SampleStoreException(string tried, string remedy, bool retryable, Exception? inner = null)
    : IOException($"{tried}: {remedy}", inner)
{
    public bool Retryable { get; } = retryable;

    /// <summary>Whether the store's disk has no room, so that its operator must act before the same request can succeed.</summary>
    public bool DiskFull { get; init; }

    /// <summary>How long the store asked us to wait before the same request; <see langword="null"/> when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
