/**
 * @file words.h  From what a prompt says to what the synthesiser reads correctly.
 *
 * espeak-ng has two voices for Mandarin: `cmn` reads pinyin as if it were English, and
 * `cmn-latn-pinyin` reads Chinese. Inside SSML it falls back to the former unless the document
 * names the latter; and it knows some names of say-as that are not the standard's. All of that is
 * put right here. Some Chinese characters are read in more than one way, and the synthesiser takes
 * the more frequent one where a word wants the other: such words are written with another character
 * of the same sound.
 *
 * Pure.
 */
#ifndef MEDIA_SPEECH_CORE_WORDS_H
#define MEDIA_SPEECH_CORE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/** Longest text that the functions below make of SPEECH_TEXT_MAX bytes, terminator included. */
#define SPEECH_WORDS_SIZE 8192
#define SPEECH_VOICE_SIZE 24

/**
 * The voice for a language.
 *
 * @param language  BCP 47, any case; empty is English.
 * @param voice     Receives "cmn-latn-pinyin" for zh and cmn, "yue" for Cantonese, otherwise the
 * tag itself in lower case.
 */
void speech_voice(const char *language, char voice[SPEECH_VOICE_SIZE]);

/** Writes words of Mandarin that would be read wrongly in another way. Others stay.
    @return TD_OK, or TD_ERR_LIMIT when it does not fit. */
enum td_err TD_MUST_CHECK speech_respell(const char *text, char *out, size_t size);

/**
 * Rewrites SSML: one <speak> around it that names a voice, languages as voices, say-as as the
 * synthesiser calls it. Text without any markup is fine. What is not well-formed is copied as it
 * is.
 *
 * @param voice  For what the document does not name a language for.
 * @return TD_OK, or TD_ERR_LIMIT when it does not fit.
 */
enum td_err TD_MUST_CHECK speech_prepare_ssml(const char *ssml, const char *voice, char *out,
                                              size_t size);

#endif
