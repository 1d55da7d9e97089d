namespace NetPulse.Linux.Memory;

/// <summary>What this process holds and does not need while it has nothing to do.</summary>
public static class IdleMemory
{
    /// <summary>Gives back the garbage of work that is done, and the pages of code that ran for it: tens of milliseconds, for moments that are minutes apart.</summary>
    /// <returns>Bytes of mapped files that are not resident any more.</returns>
    /// <exception cref="IOException">/proc could not be read; the garbage is gone all the same.</exception>
    public static long GiveBack()
    {
#pragma warning disable S1215 // between two pieces of work, which no code but the caller knows of
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
#pragma warning restore S1215
        return MappedFiles.GiveBack();
    }
}
