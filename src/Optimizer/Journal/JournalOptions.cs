using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Optimizer.Journal;

public sealed class JournalOptions
{
    /// <summary>The journal's file; what it holds must outlive the process.</summary>
    [Required]
    public string File { get; set; } = "/var/lib/netpulse/optimizer/journal.jsonl";

    /// <summary>Size at which it is begun anew, what is open or kept carried over, and the old one is kept once as <c>FILE.1</c>: 64 KiB to 1 GiB; 32 MiB unless set.</summary>
    [Range(64L << 10, 1L << 30)]
    public long MaximumBytes { get; set; } = 32L << 20;
}

[OptionsValidator]
internal sealed partial class JournalOptionsValidator : IValidateOptions<JournalOptions>;

internal static class JournalRegistration
{
    public static IServiceCollection AddJournal(this IServiceCollection services) => services
        .AddSettings<JournalOptions, JournalOptionsValidator>("journal")
        .AddSingleton(static provider => new EffectBook(provider.GetRequiredService<IOptions<JournalOptions>>().Value.File))
        .AddSingleton(static provider =>
        {
            var options = provider.GetRequiredService<IOptions<JournalOptions>>().Value;
            try
            {
                return new ChangeJournal(options.File, provider.GetRequiredService<TimeProvider>(), options.MaximumBytes);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                throw new StartRefusedException($"the journal cannot be used, so nothing could be undone: {e.Message}", e);
            }
        });
}
