using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Optimizer.Journal;

public sealed class JournalOptions
{
    /// <summary>The journal's file; what it holds must outlive the process.</summary>
    [Required]
    public string File { get; set; } = "/var/lib/netpulse/optimizer/journal.jsonl";
}

[OptionsValidator]
internal sealed partial class JournalOptionsValidator : IValidateOptions<JournalOptions>;

internal static class JournalRegistration
{
    public static IServiceCollection AddJournal(this IServiceCollection services) => services
        .AddSettings<JournalOptions, JournalOptionsValidator>("journal")
        .AddSingleton(static provider =>
        {
            var file = provider.GetRequiredService<IOptions<JournalOptions>>().Value.File;
            try
            {
                return new ChangeJournal(file, provider.GetRequiredService<TimeProvider>());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                throw new StartRefusedException($"the journal cannot be used, so nothing could be undone: {e.Message}", e);
            }
        });
}
