namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>What the disk said, with what the operator can do about it.</summary>
internal static class DiskError
{
    // .NET puts errno into HResult on Linux
    public const int EAGAIN = 11;
    public const int ENOSPC = 28;
    public const int EDQUOT = 122;

    public static bool IsFull(Exception exception) => exception.HResult is ENOSPC or EDQUOT;

    public static SampleStoreException Of(string tried, Exception exception) => IsFull(exception)
        ? Full(tried, exception)
        : new SampleStoreException(tried, $"the disk refused ({exception.Message}): check the disk and the mount", retryable: true, exception);

    public static SampleStoreException Full(string tried, Exception exception) =>
        new(tried, "the disk is full: free space, or keep fewer days; it goes on by itself when there is room", retryable: true, exception) { DiskFull = true };
}
