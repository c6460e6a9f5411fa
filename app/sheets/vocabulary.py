"""The words of column headers and of action columns.

English, Spanish, French, German, Portuguese, Italian, Dutch, Chinese and Arabic.
"""

import re
import unicodedata
from enum import StrEnum

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)")
SIGNS = re.compile(r"[\W_]+")

Phrases = dict[str, tuple[str, ...]]


class What(StrEnum):
    """What a column tells of a person."""

    SIS_ID = "sis_id"
    LOGIN = "login"
    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    NAME = "name"
    CANVAS_ID = "canvas_id"


def spelled(header: str) -> str:
    """A header in the one form that is compared: no case, accents or signs, one space between words."""
    apart = CAMEL.sub(" ", header)
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(letter)
    )
    return SIGNS.sub(" ", bare.replace("\u0640", "").casefold()).strip()


def _phrases(lines: str) -> tuple[str, ...]:
    return tuple(spelled(phrase) for phrase in lines.split(",") if phrase.strip())


PARENTS: Phrases = {
    "mother": _phrases("mother, mom, mum, madre, mama, mere, mutter, mae, moeder, 母亲, 妈妈, والدة, الام"),
    "father": _phrases("father, dad, padre, papa, pere, vater, pai, vader, 父亲, 爸爸, والد, الاب"),
    "": _phrases(
        """
        observer, parent, guardian, caregiver, carer, family contact, contact, observador, observadora,
        tutor, tutora, apoderado, acudiente, representante, familiar, observateur, tuteur, tutrice,
        responsable, eltern, elternteil, erziehungsberechtigt, vormund, beobachter, responsavel,
        encarregado, genitore, genitori, tutore, osservatore, ouder, ouders, voogd, verzorger,
        waarnemer, 观察者, 观察员, 家长, 监护人, ولي الامر, ولي امر, مراقب, الوصي
        """
    ),
}
STUDENTS = _phrases(
    """
        student, pupil, child, children, learner, observee, son, daughter, kid, estudiante, alumno,
        alumna, hijo, hija, eleve, etudiant, etudiante, enfant, schuler, schueler, kind, kindes, aluno, aluna,
        estudante, filho, filha, alunno, alunna, studente, studentessa, figlio, figlia, leerling, 学生,
        孩子, 子女, الطالب, طالب, التلميذ, تلميذ
        """
)
ABOUT_PEOPLE: Phrases = {
    What.EMAIL: _phrases(
        """
        email, emails, email address, e mail address, e mail adresse, adresse e mail, adresse email,
        adresse courriel, direccion de correo, email adres, e mail, mail, mail address, correo, correo
        electronico, courriel, adresse electronique, adresse mail, mailadresse, posta elettronica, e
        mailadres, 邮箱, 邮件, 电子邮件, 电邮, البريد الالكتروني, البريد, بريد الكتروني, ايميل
        """
    ),
    What.LOGIN: _phrases(
        """
        login, login id, login name, user name, username, user login, account name, usuario, nombre de
        usuario, nom de utilisateur, utilisateur, nom d utilisateur, benutzername, benutzer,
        anmeldename, nome de usuario, nome utente, utente, gebruikersnaam, inlognaam, 用户名, 登录名, 登录,
        账号, اسم المستخدم, اسم الدخول
        """
    ),
    What.CANVAS_ID: _phrases(
        """
        canvas id, canvas user id, identifiant canvas, id utente canvas, canvas number, id canvas, id de
        canvas, canvas userid, 画布id, canvas 编号, معرف canvas
        """
    ),
    What.FIRST_NAME: _phrases(
        """
        first name, firstname, given name, forename, first, nombre de pila, primer nombre, prenom,
        vorname, primeiro nome, voornaam, 名字, الاسم الاول
        """
    ),
    What.LAST_NAME: _phrases(
        """
        last name, lastname, surname, family name, last, apellido, apellidos, nom de famille, nachname,
        familienname, sobrenome, apelido, cognome, achternaam, 姓氏, اسم العائلة, اللقب
        """
    ),
    What.NAME: _phrases(
        """
        name, full name, fullname, names, display name, nombre, nombre completo, nombres, nom, nom
        complet, nome, nome completo, vollstandiger name, naam, volledige naam, 姓名, 全名, 名称, الاسم, الاسم
        الكامل, اسم
        """
    ),
    What.SIS_ID: _phrases(
        """
        sis id, sis user id, sis, id, ids, number, num, no, nr, code, user id, identifier, school id,
        identificador, identificacion, numero, matricula, codigo, expediente, identifiant, matricule,
        ine, kennung, nummer, schulernummer, numero de matricula, nummer id, numero di matricola,
        matricola, nummers, leerlingnummer, stamnummer, 学号, 编号, 学籍号, 工号, 号码, رقم, الرقم,
        معرف, المعرف, هوية
        """
    ),
}
TOPICS: Phrases = {
    "course.canvas_id": _phrases("canvas course id, course canvas id"),
    "course.sis_id": _phrases("course id, course sis id, sis course id, course_id"),
    "course.code": _phrases("course code, short name, codigo del curso, code du cours, kurscode, 课程代码"),
    "section.canvas_id": _phrases("canvas section id, section canvas id"),
    "section.sis_id": _phrases("section id, section sis id, sis section id"),
    "course": _phrases(
        """
        course, class, subject, curso, asignatura, materia, cours, matiere, kurs, fach, disciplina,
        corso, cursus, vak, 课程, 科目, المقرر, المادة, مقرر, مادة
        """
    ),
    "section": _phrases(
        """
        section, group, seccion, grupo, groupe, abschnitt, gruppe, turma, sezione, groep, 班级, 分组,
        الشعبة, شعبة
        """
    ),
    "action": _phrases(
        """
        action, status, operation, add or remove, add remove, accion, estado, operacion, statut, aktion,
        acao, azione, stato, actie, 操作, 状态, اجراء, الاجراء, الحالة, العملية
        """
    ),
    "relationship": _phrases(
        """
        relationship, relation, relacion, parentesco, vinculo, lien, lien de parente, beziehung,
        verhaltnis, verwandtschaft, relacao, relazione, parentela, relatie, 关系, العلاقة, صلة القرابة,
        القرابة, purpose, proposito, motivo, finalidad, objet, raison, zweck, finalidade, scopo, doel, 目的,
        用途, الغرض, غرض
        """
    ),
    "language": _phrases(
        """
        language, locale, preferred language, home language, idioma, lengua, langue, sprache, lingua,
        taal, 语言, 语种, اللغة, لغة
        """
    ),
    "end_date": _phrases(
        """
        end date, end, ends, expires, expiry, until, fecha de fin, fecha final, hasta, date de fin, fin,
        enddatum, ende, bis, data de fim, data final, data di fine, fine, einddatum, tot, 结束日期, 截止日期,
        تاريخ الانتهاء, تاريخ النهاية, last day, valid until, ultimo dia, dernier jour, jusqu au, letzter
        tag, gultig bis, ate, fino al, ultimo giorno, laatste dag, 最后一天, 有效期, حتى, اليوم الاخير
        """
    ),
    "role": _phrases("role, rol, rolle, papel, ruolo, 角色, الدور"),
    "ignored": _phrases(
        """
        phone, telephone, last login, pairing code, access code, mobile, cell, phone number, mobile
        number, telefono, movil, celular, telephone portable, telefon, handy, telefonnummer, telefone,
        telemovel, cellulare, telefoon, telefoonnummer, 电话, 手机, 电话号码, 手机号码,
        الهاتف, هاتف, رقم الهاتف, الجوال,
        birthday, date of birth, birth date, fecha de nacimiento, dob, grade, year, address,
        home address, direccion, adresse, strasse, postcode, zip code, teacher, teacher name, teacher
        email, school, school name, start date, middle name, password
        """
    ),
}
ACTIONS = {
    True: _phrases(
        """
        add, added, new, active, activate, create, link, enroll, yes, keep, anadir, agregar, alta,
        activo, nuevo, crear, ajouter, ajout, actif, nouveau, creer, hinzufugen, neu, aktiv, anlegen,
        adicionar, incluir, ativo, novo, aggiungere, aggiungi, attivo, nuovo, toevoegen, actief, nieuw,
        添加, 增加, 新增, 有效, 激活, اضافة, اضف, نشط, جديد
        """
    ),
    False: _phrases(
        """
        remove, removed, delete, deleted, drop, end, unlink, cancel, eliminar, quitar, borrar, baja,
        suprimir, eliminado, supprimer, supprime, retirer, enlever, entfernen, loschen, geloscht,
        remover, excluir, apagar, removido, rimuovere, rimuovi, eliminare, elimina, verwijderen,
        verwijderd, 删除, 移除, 取消, حذف, ازالة, احذف
        """
    ),
}
PURPOSES: Phrases = {
    "parent": _phrases(
        """
        mother, father, parent, guardian, caregiver, carer, mom, mum, dad, grandmother, grandfather, aunt,
        uncle, stepmother, stepfather, madre, padre, mama, papa, apoderado, acudiente, tutor legal, tutora
        legal, abuela, abuelo, mere, pere, tuteur, tutrice, mutter, vater, eltern, elternteil, vormund,
        erziehungsberechtigt, mae, pai, responsavel, encarregado, genitore, tutore, moeder, vader, ouder,
        voogd, verzorger, 家长, 监护人, 母亲, 父亲, 妈妈, 爸爸, ولي الامر, ولي امر, الام, الاب, والد, والدة,
        الوصي
        """
    ),
    "coach": _phrases(
        """
        coach, trainer, entrenador, entrenadora, entraineur, entraineuse, treinador, treinadora,
        allenatore, allenatrice, 教练, مدرب, مدربة
        """
    ),
    "advisor": _phrases(
        """
        advisor, adviser, counselor, counsellor, asesor, asesora, consejero, consejera, orientador,
        conseiller, conseillere, berater, beraterin, conselheiro, conselheira, consulente, adviseur, 顾问,
        辅导员, مستشار, مرشد
        """
    ),
    "mentor": _phrases("mentor, mentora, mentorin, 导师, موجه"),
    "tutor": _phrases("tutor, private teacher, nachhilfe, bijles, 辅导老师, 家教, مدرس خصوصي"),
    "other": _phrases("other, otro, otra, autre, andere, sonstige, outro, altro, anders, 其他, اخر, اخرى"),
}
