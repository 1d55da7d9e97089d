namespace NetPulse.Lab.Load;

/// <summary>Traffic between pods that runs until it is disposed of and measures itself.</summary>
public interface ILoad : IAsyncDisposable
{
    Figure Figure { get; }

    /// <summary>Ends when disposed of; fails with an <see cref="IOException"/> when the load cannot go on.</summary>
    Task Completion { get; }

    /// <summary>The figure over what ended between two timestamps of the load's <see cref="TimeProvider"/>; <see langword="null"/> when nothing did.</summary>
    double? Between(long from, long to);
}
