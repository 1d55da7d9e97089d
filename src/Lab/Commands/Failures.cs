namespace NetPulse.Lab.Commands;

/// <summary>What a command ends with.</summary>
internal static class Failures
{
    /// <returns>What the run returns; 1, and the reason in words, when something could not be done; 130 when it was asked to stop.</returns>
    internal static async Task<int> ToExitCodeAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}
