using Microsoft.Extensions.Logging;

namespace NetPulse.Collector.Tests;

/// <summary>What was logged.</summary>
internal sealed class LogLines
{
    public List<string> Lines { get; } = [];

    public ILogger<T> For<T>() => new Logger<T>(Lines);

    private sealed class Logger<T>(List<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add(formatter(state, exception));
            }
        }
    }
}
