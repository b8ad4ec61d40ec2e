#include "media/speech/core/resample.h"

#include <math.h>

#define PI 3.141592653589793
/* Middle of the transition from 3.4 to 4 kHz. */
#define CUTOFF_HZ 3700.0
/* Kaiser's beta for 60 dB. */
#define BETA 5.65

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Modified Bessel function of order 0, by its series. */
static double bessel(double x)
{
    double term = 1;
    double sum = 1;

    for (int k = 1; k < 40; k++) {
        term *= (x / 2 / k) * (x / 2 / k);
        sum += term;
    }
    return sum;
}

/* The filter's impulse response, `t` input samples from its middle. */
static double response(double t, double rate_hz)
{
    double half = SPEECH_TAPS / 2.0;
    double angle = 2 * PI * CUTOFF_HZ / rate_hz * t;
    double sinc = fabs(t) < 1e-9 ? 1 : sin(angle) / angle;

    if (fabs(t) >= half)
        return 0;
    return sinc * bessel(BETA * sqrt(1 - (t / half) * (t / half))) / bessel(BETA);
}

enum td_err speech_resampler_init(struct speech_resampler *resampler, uint32_t rate_hz)
{
    uint32_t divisor = common_divisor(rate_hz, SPEECH_RATE_HZ);

    if (rate_hz < SPEECH_RATE_HZ || rate_hz > 32000 || SPEECH_RATE_HZ / divisor > SPEECH_PHASES_MAX)
        return TD_ERR_RANGE;

    resampler->phases = SPEECH_RATE_HZ / divisor;
    resampler->step = rate_hz / divisor;
    for (uint32_t phase = 0; phase < resampler->phases; phase++) {
        double middle = SPEECH_TAPS / 2.0 + (double)phase / resampler->phases;
        double sum = 0;

        for (int tap = 0; tap < SPEECH_TAPS; tap++)
            sum += response(tap - middle, rate_hz);
        for (int tap = 0; tap < SPEECH_TAPS; tap++) // Each phase passes a constant unchanged.
            resampler->taps[phase][tap] = (float)(response(tap - middle, rate_hz) / sum);
    }
    return TD_OK;
}

size_t speech_resampled_count(const struct speech_resampler *resampler, size_t count)
{
    return (count * resampler->phases + resampler->step - 1) / resampler->step;
}

static int16_t clipped(float value)
{
    if (value >= 32767.0F)
        return 32767;
    return (int16_t)(value <= -32768.0F ? -32768 : lrintf(value));
}

void speech_resample(const struct speech_resampler *resampler, const int16_t *in, size_t count,
                     int16_t *out)
{
    size_t total = speech_resampled_count(resampler, count);

    for (size_t i = 0; i < total; i++) {
        size_t place = i * resampler->step; // In input samples, times `phases`.
        const float *taps = resampler->taps[place % resampler->phases];
        ptrdiff_t first = (ptrdiff_t)(place / resampler->phases) - SPEECH_TAPS / 2;
        float sum = 0;

        for (ptrdiff_t tap = 0; tap < SPEECH_TAPS; tap++) {
            if (first + tap >= 0 && first + tap < (ptrdiff_t)count)
                sum += taps[tap] * (float)in[first + tap];
        }
        out[i] = clipped(sum);
    }
}
